-- Whether a verdict says that the program itself is wrong: it was run, and its own fault made it fail.
create macro is_wrong(of_verdict) as of_verdict not in ('passed', 'infra', 'no_code');
-- Whether a verdict with these flags can be trusted: nothing was forged, and every rerun agreed.
create macro is_trustworthy(of_flags) as not list_has_any(of_flags, ['tampered', 'flaky']);
