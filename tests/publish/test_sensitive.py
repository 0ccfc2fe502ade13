"""Keys and personal data are found, what looks like them is not, and what was found is never repeated."""

import pytest

from tasks.publish.sensitive import personal, secret

AWS = "AKIA" + "QYLPMN5HHHFPZAM2"
GITHUB = "ghp_" + "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"key = '{AWS}'", "AWS Access Key"),
        (f"# {GITHUB}", "GitHub Token"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE", "Private Key"),
        ("url = 'https://anna:s3cr3tpw@db.internal/x'", "Basic Auth Credentials"),
    ],
)
@pytest.mark.parametrize("mined", [True, False])
def test_a_key_is_found_in_any_text_and_its_line_is_told(text: str, kind: str, mined: bool) -> None:
    assert secret(f"def f():\n    pass\n{text}\n", mined) == f"{kind} in line 3"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('password = "tr0ub4dor&3"', "Secret Keyword"),
        ('salt = "2b99f5d8aa10c3e47f6650d1b7c9e8f2"', "Hex High Entropy String"),
        ('blob = "c3VwZXIgbG9uZyBzdHJpbmcgc2hvdWxkIGNhdXNlIGVub3VnaCBlbnRyb3B5"', "Base64 High Entropy String"),
    ],
)
def test_guesses_are_looked_for_in_mined_code_alone(text: str, kind: str) -> None:
    assert secret(f"x = 1\n{text}", mined=True) == f"{kind} in line 2" and secret(text, mined=False) is None


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
)
def test_what_only_looks_like_a_secret_stays(text: str) -> None:
    assert secret(text, mined=True) is None


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
def test_personal_data_is_found_and_its_line_is_told(text: str, kind: str) -> None:
    assert personal(f"\n{text}\n") == f"{kind} in line 2"


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
def test_what_is_nobodys_stays(text: str) -> None:
    assert personal(text) is None


@pytest.mark.parametrize("text", [AWS, "a.berg@uni-foo.de", GITHUB])
def test_what_was_found_is_never_repeated(text: str) -> None:
    assert text not in f"{secret(text, True)} {personal(text)}"
