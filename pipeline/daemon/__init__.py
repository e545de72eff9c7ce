"""A pipeline that runs for weeks: what can be asked of it and told to it while it does. In the parent process.

``desk`` sits beside the supervisor's loop and joins the parts: ``control`` (the socket), ``http_server``, ``notify``
(systemd), ``reloading`` (SIGHUP), and the application's ``keeper``. ``serve`` runs it all; ``client`` is the other end.
"""
