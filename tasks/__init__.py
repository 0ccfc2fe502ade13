"""The stages and the rooms that they share."""

import sys

# Problems hold integers of any length. Python's own limit of 4,300 digits protects servers that convert what strangers
# send; here a program that converts without end is stopped by the sandbox.
sys.set_int_max_str_digits(0)
