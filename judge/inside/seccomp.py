"""Build and load seccomp filters as raw BPF, without a library, for x86_64 and aarch64.

The fork server loads a filter of the calls in `STATIC` once, and its jobs inherit that. Each job loads one of those in
`PER_JOB`, which the server itself needs.
"""

import ctypes
import os
import struct

ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
EPERM, ENOSYS = 1, 38
LD, JEQ, JGE, JSET, RET = 0x20, 0x15, 0x35, 0x45, 0x06
NR, ARCH, ARG0, ARG1, ARG2 = 0, 4, 16, 24, 32
NAMESPACES = 0x7E020080  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET, NEWTIME
AF_UNIX, SIGKILL = 1, 9

MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column of the tables, AUDIT_ARCH

# Names of refused calls, and their numbers (x86_64, aarch64); None where a machine lacks the call.
STATIC: dict[str, tuple[int | None, int | None]] = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "process_madvise": (440, 440), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266),
    "sethostname": (170, 161), "setdomainname": (171, 162), "iopl": (172, None), "ioperm": (173, None),
    "modify_ldt": (154, None), "uselib": (134, None), "syslog": (103, 116), "personality": (135, 92),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "fanotify_init": (300, 262),
    "lookup_dcookie": (212, 18), "vhangup": (153, 58), "chroot": (161, 51), "pivot_root": (155, 41),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442), "open_tree_attr": (467, 467),
    "mbind": (237, 235), "set_mempolicy": (238, 237), "migrate_pages": (256, 238), "move_pages": (279, 239),
    "io_setup": (206, 0),  # a number of them for the whole machine
    # memory that resident size does not show
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "msgget": (68, 186),
    "semget": (64, 190), "mq_open": (240, 180),
}  # fmt: skip
PER_JOB: dict[str, tuple[int | None, int | None]] = {
    "mount": (165, 40), "umount2": (166, 39), "unshare": (272, 97), "setns": (308, 268),
}  # fmt: skip
CLONE_THREAD = 0x10000
FORKS = ((57, None), (58, None))  # fork, vfork
CLONE, CLONE3, SOCKET = (56, 220), (435, 435), (41, 198)
KILLS = (((62, 129), ARG1), ((200, 130), ARG1), ((234, 131), ARG2))  # kill, tkill, tgkill: where the signal stands


def _pack(code: int, k: int, jt: int = 0, jf: int = 0) -> bytes:
    """Return one struct sock_filter; `jt` and `jf` are how many to jump over where a test holds, or fails."""
    return struct.pack("=HBBI", code, jt, jf, k)


def build_filter(static: bool, forks: bool = True, machine: str | None = None) -> bytes:
    """Return a filter as an array of struct sock_filter; raises KeyError on an unknown machine.

    Args:
        static: whether it is the fork server's own filter, or that of a job.
        forks: whether a job may have child processes; it may always have threads.
        machine: as `uname -m` names it; this machine by default.
    """
    column, arch = MACHINES[machine or os.uname().machine]
    head = [_pack(LD, ARCH), _pack(JEQ, arch, 1, 0), _pack(RET, KILL), _pack(LD, NR)]
    if column == 0:
        head += [_pack(JGE, 0x40000000, 0, 1), _pack(RET, ERRNO | ENOSYS)]  # the x32 calls would slip past the numbers
    body: list[bytes] = []
    denied = [row[column] for row in (STATIC if static else PER_JOB).values()]
    if not forks:
        denied += [row[column] for row in FORKS]
        body += _match(CLONE[column], [_pack(LD, ARG0), _pack(JSET, CLONE_THREAD, 1, 0), _pack(RET, ERRNO | EPERM)])
    for number in denied:
        if number is not None:
            body += [_pack(JEQ, number, 0, 1), _pack(RET, ERRNO | EPERM)]
    if static:
        # The flags of clone3 lie in memory, where no filter sees them; without it, glibc uses clone.
        body += [_pack(JEQ, CLONE3[column], 0, 1), _pack(RET, ERRNO | ENOSYS)]
        body += _match(CLONE[column], [_pack(LD, ARG0), _pack(JSET, NAMESPACES, 0, 1), _pack(RET, ERRNO | EPERM)])
        body += _match(SOCKET[column], [_pack(LD, ARG0), _pack(JEQ, AF_UNIX, 1, 0), _pack(RET, ERRNO | EPERM)])
    else:
        for numbers, signal_at in KILLS:
            # The first process of a pid namespace ignores its own SIGKILL; a program that sends it means to end.
            body += _match(
                numbers[column],
                [
                    _pack(LD, ARG0),
                    _pack(JEQ, 1, 0, 3),
                    _pack(LD, signal_at),
                    _pack(JEQ, SIGKILL, 0, 1),
                    _pack(RET, KILL),
                ],
            )
    return b"".join([*head, *body, _pack(RET, ALLOW)])


def _match(number: int, ops: list[bytes]) -> list[bytes]:
    """Return ops for one call number; they end in ALLOW, since the accumulator no longer holds the number."""
    return [_pack(JEQ, number, 0, len(ops) + 1), *ops, _pack(RET, ALLOW)]


class Filter:
    """A filter built once, so that loading it takes one system call."""

    def __init__(self, static: bool, forks: bool = True) -> None:
        self._code = ctypes.create_string_buffer(build_filter(static, forks))
        self._prog = ctypes.create_string_buffer(
            struct.pack("@HP", (len(self._code) - 1) // 8, ctypes.addressof(self._code))
        )
        self._libc = ctypes.CDLL(None, use_errno=True)

    def load(self) -> None:
        """Load it for the calling thread and all its descendants; needs no_new_privs. Raises OSError."""
        if self._libc.prctl(22, 2, ctypes.byref(self._prog), 0, 0):
            raise OSError(ctypes.get_errno(), "seccomp filter refused")
