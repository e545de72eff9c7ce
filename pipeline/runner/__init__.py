"""The child side: one process that hosts one stage, or several fused ones.

``spec`` is what it is told to be, ``node`` a stage with its accounts, ``worker`` the loop, ``zygote`` what
children are forked from. Runs in the child only; the supervisor imports ``spec`` alone.
"""
