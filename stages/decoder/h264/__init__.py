"""What an H.264 stream says of its pictures without decoding one, and how their counters are changed. Pure."""
