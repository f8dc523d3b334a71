"""What one browser may ask of the live socket, beside what every socket is limited by."""

MAX_FRAME_BYTES = 65_536
SOCKETS_PER_USER = 5
# A page answers every beat. What it was told since may lie in buffers of ours.
MOST_UNANSWERED = 8 * 2**20
