"""Keys and personal data are found, text that only resembles them is not, and no message repeats them."""

import pytest

from tasks.publish.sensitive_data import find_personal_data, find_secret

AWS_KEY = "AKIA" + "QYLPMN5HHHFPZAM2"
GITHUB_TOKEN = "ghp_" + "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"key = '{AWS_KEY}'", "AWS Access Key"),
        (f"# {GITHUB_TOKEN}", "GitHub Token"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE", "Private Key"),
        ("url = 'https://anna:s3cr3tpw@db.internal/x'", "Basic Auth Credentials"),
    ],
    ids=["AWS", "GitHub", "private key", "password in a URL"],
)
@pytest.mark.parametrize("mined", [True, False], ids=["mined", "not mined"])
def test_a_key_is_found_in_any_text_with_its_line(text: str, kind: str, mined: bool) -> None:
    assert find_secret(f"def f():\n    pass\n{text}\n", mined) == f"{kind} in line 3"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('password = "tr0ub4dor&3"', "Secret Keyword"),
        ('salt = "2b99f5d8aa10c3e47f6650d1b7c9e8f2"', "Hex High Entropy String"),
        ('blob = "c3VwZXIgbG9uZyBzdHJpbmcgc2hvdWxkIGNhdXNlIGVub3VnaCBlbnRyb3B5"', "Base64 High Entropy String"),
    ],
    ids=["keyword", "hex", "base64"],
)
def test_heuristics_examine_mined_code_only(text: str, kind: str) -> None:
    assert find_secret(f"x = 1\n{text}", mined=True) == f"{kind} in line 2"
    assert find_secret(text, mined=False) is None


@pytest.mark.parametrize(
    "text",
    [
        "def check_password(password):\n    return len(password) > 8",
        "password = read('password')",
        "letters = 'abcdefghijklmnopqrstuvwxyz'",
        "digits = '0123456789abcdef'",
        "uid = '123e4567-e89b-12d3-a456-426614174000'",
        "url = 'https://{user}:{password}@host'",
    ],
    ids=["parameter", "call", "alphabet", "hex digits", "UUID", "template"],
)
def test_text_that_resembles_a_secret_stays(text: str) -> None:
    assert find_secret(text, mined=True) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("# by Anna <anna.berg@uni-foo.de>", "e-mail address"),
        ("call +49 30 901820 or so", "telephone number"),
        ("tel = '(212) 736-5000'", "telephone number"),
        ("tel: 212-736-5000", "telephone number"),
        ("open('/home/aberg/data.txt')", "home folder"),
        (r"open('C:\\Users\\Anna\\x')", "home folder"),
        ("host = '93.184.216.34'", "IP address"),
    ],
)
def test_personal_data_is_found_with_its_line(text: str, kind: str) -> None:
    assert find_personal_data(f"\n{text}\n") == f"{kind} in line 2"


@pytest.mark.parametrize(
    "text",
    [
        "mail = 'user@example.com'",
        "mail = 'a@b.test'",
        "@decorator.with_dots\ndef f(): return a@b",
        "m = x @ y.T",
        "re.match(r'[^@]+@[^@]+', s)",
        "tel = '555-0123 or 212-555-0123'",
        "n = 2127365000",
        "d = '2024-01-31 10:20:30'",
        "x = 100 - 200 - 3000",
        "f(123, 4567, 890)",
        "'/home/user/data' '/home/' '/Users/Shared'",
        "'127.0.0.1' '192.168.1.10' '10.0.0.1' '203.0.113.9' '0.0.0.0' '1.2.3'",
    ],
)
def test_reserved_addresses_and_other_text_stay(text: str) -> None:
    assert find_personal_data(text) is None


@pytest.mark.parametrize("text", [AWS_KEY, "a.berg@uni-foo.de", GITHUB_TOKEN], ids=["AWS", "e-mail", "GitHub"])
def test_no_message_repeats_the_data(text: str) -> None:
    assert text not in f"{find_secret(text, True)} {find_personal_data(text)}"
