"""Numbers of the descriptors that the judge hands to every job; 0, 1 and 2 are stdin, stdout and stderr."""

WIRE = 3
"""Socket between the two processes of a run. For tests in the candidate's own process: the pipe of results."""
PAYLOAD = 4
"""Memory file with the job's payload (payload.py)."""
COUNT = 5
"""Descriptors of one job."""
