"""What the cloud takes up on disk."""

import os


def taken_by(folder):
    """Bytes that a folder's files take up, by their blocks; what goes meanwhile counts nothing."""
    total = 0
    for within, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(within, name)).st_blocks * 512
            except FileNotFoundError:
                pass
    return total
