"""TLS to a ClickHouse server: whom to trust, and what an error of it means."""

import os
import ssl
from pathlib import Path

from oracul.errors import ConfigError
from oracul.folders import make_private
from oracul.log import get_logger
from oracul.settings import Settings

_BUNDLE = "ca-bundle.pem"


def refuse_missing_authority(settings: Settings) -> None:
    """Raise ConfigError when the file of the authority to trust is none."""
    path = settings.clickhouse.ca_cert
    if path is None or not settings.clickhouse.secure:
        return
    try:
        ssl.create_default_context(cafile=str(path))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"ORACUL_CLICKHOUSE__CA_CERT: {path} cannot be read as PEM certificates"
            f" ({error.strerror or 'none in it'}).",
            hint="Name the file of the authority that signed the server's certificate.",
        ) from None


def warn_unchecked(settings: Settings) -> None:
    """Say that anybody may be at the other end, once for a connection and not a request."""
    if not settings.clickhouse.verify:
        import urllib3

        get_logger().warning("certificate_not_checked", host=settings.clickhouse.host)
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)


def explain(error: Exception, *, is_secure: bool) -> tuple[str, str] | None:
    """What is wrong with TLS, after "ClickHouse at …", and what to do; None when it is not TLS."""
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "doesn't match" in text:
        if "mismatch" in text or "doesn't match" in text or "not valid for" in text:
            return (
                "has a certificate for another host name",
                "Set ORACUL_CLICKHOUSE__HOST to the name in the certificate.",
            )
        return (
            f"has a certificate that is not trusted ({_reason(text)})",
            "Set ORACUL_CLICKHOUSE__CA_CERT to the PEM file of the authority that signed it.",
        )
    if is_secure and any(mark in text for mark in ("WRONG_VERSION_NUMBER", "record layer", "EOF")):
        return (
            "does not speak TLS on this port",
            "Set ORACUL_CLICKHOUSE__PORT to its TLS port (8443 is usual), or SECURE to false.",
        )
    broke_off = ("Connection aborted", "RemoteDisconnected", "reset by peer", "BadStatusLine",
                 "HTTPS port", "ProtocolError")  # fmt: skip
    if not is_secure and any(mark in text for mark in broke_off):
        return (
            "broke off a connection without TLS",
            "If this is its TLS port, set ORACUL_CLICKHOUSE__SECURE=true.",
        )
    return None


def authority_environment(settings: Settings) -> dict[str, str]:
    """`SSL_CERT_FILE` for programs that have no setting for an authority of their own, as dbt.

    Names a file with the usual authorities and ours, so that nothing else they reach is refused.
    Empty without such an authority.
    """
    path = settings.clickhouse.ca_cert
    if path is None or settings.is_embedded or not settings.clickhouse.secure:
        return {}
    refuse_missing_authority(settings)
    bundle = settings.home / _BUNDLE
    text = _usual_authorities(bundle) + "\n" + path.read_text(encoding="utf-8")
    if not bundle.is_file() or bundle.read_text(encoding="utf-8") != text:
        make_private(bundle.parent)
        draft = bundle.with_name(f".{_BUNDLE}.{os.getpid()}")
        draft.write_text(text, encoding="utf-8")
        draft.replace(bundle)
    return {"SSL_CERT_FILE": str(bundle)}


def _usual_authorities(bundle: Path) -> str:
    import certifi

    known = os.environ.get("SSL_CERT_FILE")
    usual = Path(known) if known and Path(known) != bundle else Path(certifi.where())
    return usual.read_text(encoding="utf-8") if usual.is_file() else ""


def _reason(text: str) -> str:
    """OpenSSL's words: `self-signed certificate`, `unable to get local issuer certificate`."""
    return text.partition("verify failed: ")[2].partition(" (_ssl")[0][:120] or "no reason given"
