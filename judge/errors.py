"""The errors that the judge raises. What a candidate program does wrong is never one of these: it is a verdict."""


class JudgeError(Exception):
    """Base of the judge's errors: catch this one."""


class SandboxError(JudgeError):
    """The sandbox could not be started, or failed; this says nothing about the program that was in it."""


class AuditError(JudgeError):
    """The sandbox gave a program of the audit a wrong verdict, so that no verdict of it can be trusted."""


class SandboxSettingError(JudgeError):
    """A setting of the sandbox is wrong (a folder of packages, an image); the caller must change it."""
