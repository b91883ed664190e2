"""Every word of the signing pages, in English. Templates and routes name texts by key.

A translation is another mapping with the same keys. ``{name}`` marks what is filled in; it is escaped
when it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

LANGUAGE = "en"

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        # Around the page
        "title": "{what}: {document}",
        "title.sandbox": "SANDBOX · {title}",
        "title.error": "Error: {title}",
        "skip": "Skip to what you can do",
        "sandbox.word": "SANDBOX",
        "sandbox.sentence": "A test, without legal value.",
        "way.label": "How far you are",
        "way.read": "Read",
        "way.identify": "Identify",
        "way.sign": "Sign",
        "way.done": "done",
        "request_id": "Request id",
        # Above the document's name
        "asked.waiting": "You will be asked to sign",
        "asked.identify": "You are asked to sign",
        "asked.sign": "You are asked to sign",
        "asked.signing": "You are signing",
        "asked.signed": "You have signed",
        "asked.failed": "You were asked to sign",
        "asked.closed": "You were asked to sign",
        "asked.overview": "Signature request",
        # The browser's title
        "what.waiting": "Not your turn yet",
        "what.identify": "Read and identify",
        "what.sign": "Sign",
        "what.signing": "Signing",
        "what.signed": "Signed",
        "what.failed": "Not signed",
        "what.closed": "Closed",
        "what.overview": "Who has signed",
        # The document
        "document.heading": "The document",
        "document.heading.signed": "What you signed",
        "document.pages.one": "1 page",
        "document.pages.many": "{count} pages",
        "document.original": "Download to read ({kind}, {size})",
        "document.page_alt": "Page {number} of {count} of {document}",
        "document.page": "Page {number} of {count}",
        "document.earlier": "Pages {first} to {last}, before these",
        "document.later": "Pages {first} to {last}, after these",
        "document.no_preview": "This document cannot be shown as pages. Download it to read it.",
        "document.fingerprint": "Fingerprint of the document (SHA-256)",
        # Not your turn yet
        "waiting.heading": "It is not your turn yet",
        "waiting.meaning": "This document is signed in order. You can read it now and sign it later.",
        "waiting.before": "Before you",
        "waiting.next": "Keep this link: here you sign when it is your turn. It is open until {until}.",
        # Read and identify
        "identify.heading": "Read, then identify yourself",
        "identify.label": "Test document number",
        "identify.button": "Identify",
        "identify.failed": "Your identity could not be verified: {reason}",
        "identify.again": "Nothing was signed. You can try again with another document.",
        "identify.unknown": "The sandbox does not know this number. Use one of the four test numbers below.",
        "identify.empty": "Enter the number of a test document, for example AZE123456.",
        "identify.numbers": "The four test documents",
        "identify.numbers.sentence": "The sandbox checks nobody. Each number plays one outcome:",
        "identify.AZE123456": "National id, Poland: verified, face match 0.98",
        "identify.FAIL000001": "Passport: refused, the document has expired",
        "identify.REVOKED001": "National id, Germany: verified, then the certificate is revoked",
        "identify.LOWSCORE01": "National id, Poland: refused, face match 0.61",
        "identify.unavailable.heading": "Identity cannot be checked here",
        "identify.unavailable": "This service has no identity check for real signatures. Nothing was signed.",
        "identify.unavailable.next": "Tell the person who sent you this link.",
        "identify.why": "Why you are asked",
        "identify.why.text": (
            "A signature is worth as much as the certainty about who made it. Before you can sign, it is"
            " checked that you are {name}. The result is kept with the signature request."
        ),
        # Sign
        "sign.heading": "Your identity is verified",
        "sign.heading.unidentified": "Read, then sign",
        "confirm.heading": "One more step: confirm",
        "confirm.text": (
            "Your trust service keeps your signing key. It shows you what is signed and asks you to confirm."
        ),
        "confirm.button": "Go on to the trust service",
        "confirm.time": "There are ten minutes for it. You come back to this page.",
        "sign.confirmation": (
            "You sign with your own certificate at {service}. After the next step it asks you to confirm."
        ),
        "sign.service": "You sign with your own certificate at {service}, which asks for:",
        "sign.pin": "PIN of your signing key",
        "sign.missing.pin": "Enter the PIN of your signing key.",
        "sign.otp": "One-time password",
        "sign.missing.otp": "Enter the one-time password.",
        "sign.otp.send": "Send me a one-time password",
        "sign.otp.again": "Send another one",
        "sign.otp.sent": "{service} has sent you a one-time password.",
        "sign.look": "How your signature looks",
        "sign.look.plain": "Name and date in plain letters",
        "sign.look.typed": "With your name as if written by hand",
        "sign.look.drawn": "With your own hand",
        "sign.look.pad": "Draw your signature here, with finger, pen or mouse",
        "sign.look.clear": "Clear",
        "sign.look.note": "Name, time and level always stand there. In a very small field they stand alone.",
        "sign.missing.drawing": "Draw your signature, or choose another look.",
        "sign.missing.written": "This look is not possible for your name. Choose another one.",
        "sign.try_again": "Try again",
        "sign.more.certificate.own": (
            "The signature carries your own certificate from {service}. "
            "The PIN and the password go to {service}; they are not kept here."
        ),
        "sign.button": "Sign as {name}",
        "sign.more": "What this signature means",
        "sign.legal.test": "This is a test signature: it is made like a real one, and has no legal value.",
        "sign.legal.qes": (
            "Your qualified electronic signature has the legal effect of a handwritten signature"
            " in the whole European Union."
        ),
        "sign.legal.aes": (
            "Your advanced electronic signature is linked to you alone and is admissible as evidence"
            " in court."
        ),
        "sign.legal.ses": "Your electronic signature is admissible as evidence in court.",
        "sign.more.test": (
            "The sandbox's own authority issues the certificate. Programs outside do not trust it,"
            " and nobody checked who you are."
        ),
        "sign.more.test.qes": "In live mode this would be a qualified signature (eIDAS, Article 25(2)).",
        "sign.more.test.aes": "In live mode this would be an advanced signature (eIDAS, Article 26).",
        "sign.more.test.ses": "In live mode this would be a simple signature (eIDAS, Article 25(1)).",
        "sign.more.qes": "The law is Regulation (EU) No 910/2014 (eIDAS), Article 25(2).",
        "sign.more.aes": "The law is Regulation (EU) No 910/2014 (eIDAS), Articles 25(1) and 26.",
        "sign.more.ses": "The law is Regulation (EU) No 910/2014 (eIDAS), Article 25(1).",
        "sign.more.certificate": "A certificate in the name of {name} is issued for this signature alone.",
        "sign.more.document": "You sign exactly this document. Any later change to it shows.",
        "sign.more.final": "A signature cannot be taken back.",
        "sign.more.record": (
            "The time, your network address and your browser's name are kept as evidence of your agreement."
        ),
        "sign.more.visible": "Your name and the time of signing can be read by whoever has the document.",
        # Signing
        "signing.heading": "Your signature is being made",
        "signing.close": (
            "You can close this page. The signature is finished without it, and this link shows how it ended."
        ),
        "signing.now": "Now: {step}",
        "signing.steps": "The steps of your signature",
        "signing.word.done": "done",
        "signing.word.now": "now",
        "signing.word.later": "to come",
        "step.authorised": "Recording your agreement",
        "step.certified": "Issuing your certificate",
        "step.prepared": "Preparing the document, byte by byte",
        "step.activated": "Unlocking the key for this document alone",
        "step.signed": "Making and verifying the signature",
        "step.timestamped": "Fetching the timestamp",
        "step.embedded": "Putting the proof into the document",
        "step.published": "Publishing the signed document",
        # Signed
        "signed.heading": "You have signed",
        "signed.sentence": "{name} signed on {moment}.",
        "signed.download": "Download the signed document",
        "signed.sealing": "All have signed. The document is being sealed with a last timestamp.",
        "signed.others": "{signed} of {all} have signed. The document can be downloaded when all have.",
        "signed.others.heading": "Who has signed",
        "signed.continue": "Continue to {host}",
        "signed.have": "What you have",
        "signed.have.text": (
            "A document that carries your signature, your certificate, a timestamp and the proof that the"
            " certificate was valid."
        ),
        "signed.have.test": "It is a test signature, without legal value.",
        "signed.long": "For how long",
        "signed.long.text": (
            "The proof is inside the document and needs nobody else, not even us. Here the document is kept"
            " until {until}: save your copy before."
        ),
        "signed.check": "How to check it",
        "signed.check.text": (
            "Open the document in a program that shows signatures, such as Adobe Acrobat or Okular: it names"
            " you, the time, and whether anything was changed since."
        ),
        "signed.check.test": (
            "Such a program will warn that it does not trust the issuer: the sandbox's authority is in no"
            " trust list."
        ),
        "signed.details": "The exact figures",
        "signed.issuer": "Certificate issued by",
        "signed.serial": "Certificate number",
        "signed.validity": "Certificate valid",
        "signed.validity.text": "{begin} to {end}",
        "signed.timestamp": "Timestamp",
        "signed.timestamp.authority": "Timestamp by",
        "signed.timestamp.hash": "Timestamped hash",
        # It did not go well
        "failed.heading": "The document was not signed",
        "failed.CERTIFICATE_REVOKED": "Your certificate was revoked before the signature was complete.",
        "failed.REVOKED_BEFORE_SIGNATURE": "Your certificate had been revoked before you signed.",
        "failed.CERTIFICATE_STATUS_LOST": "Whether your certificate was revoked will never be known.",
        "failed.CERTIFICATE_EXPIRED": "Your certificate was not valid at the time of the signature.",
        "failed.DOCUMENT_CHANGED": "The document was no longer the one that you agreed to sign.",
        "failed.SIGNATURE_REQUEST_CLOSED": "The request was closed while your signature was being made.",
        "failed.other": "A check refused the signature: {reason}",
        "failed.meaning": "You have signed nothing, and nobody can use this attempt as your signature.",
        "failed.next": "Ask the sender for a new signature request. This one cannot be tried again.",
        "closed.heading.expired": "This request has expired",
        "closed.heading.cancelled": "This request was cancelled",
        "closed.expired": "It was open until {until}.",
        "closed.cancelled": "The sender took it back.",
        "closed.meaning": "You have signed nothing, and by this link nothing can be signed any more.",
        "closed.next": "If the document still matters, ask the sender for a new request.",
        # The overview of a request
        "overview.heading": "Who has signed",
        "overview.sentence": "{signed} of {all} have signed.",
        "overview.links": "Each person signs by a link of their own. Nobody signs on this page.",
        "request.pending": "Open until {until}",
        "request.in_progress": "Open until {until}",
        "request.completed": "Completed on {completed}",
        "request.expired": "Expired on {until}",
        "request.cancelled": "Cancelled",
        "signer.pending_verification": "not signed yet",
        "signer.pending_signature": "not signed yet",
        "signer.verification_failed": "not signed yet",
        "signer.verified": "not signed yet",
        "signer.signing": "signing now",
        "signer.signed": "signed",
        "signer.failed": "not signed: refused",
        # Notices above a page that was acted on in vain
        "notice.LINK_SPENT": "You have signed this document already. Nothing was signed a second time.",
        "notice.SIGNATURE_REQUEST_CLOSED": "Nothing was signed: this request is no longer open.",
        "notice.NOT_YOUR_TURN": "Nothing was signed: somebody else signs before you.",
        "notice.IDENTITY_NOT_VERIFIED": "Nothing was signed: your identity has to be verified first.",
        "notice.IDENTITY_PROVIDER_NOT_CONFIGURED": "Your identity was not checked: no check is set up here.",
        "notice.TRUST_SERVICE_UNAVAILABLE": (
            "Nothing was signed: the trust service does not answer now. Try again in a few minutes."
        ),
        "notice.OTP_TOO_SOON": "A one-time password was sent a moment ago. Wait half a minute for another.",
        "notice.SIGNER_AUTHORISATION_REFUSED": (
            "Nothing was signed: the trust service did not take the PIN or password. You can try again."
        ),
        "notice.CONSENT_LAPSED": (
            "Nothing was signed: too much time passed since you agreed. You can sign again."
        ),
        "notice.CREDENTIAL_NOT_FOUND": (
            "The trust service knows no certificate of yours under this e-mail address. "
            "Tell the person who sent you this link."
        ),
        "notice.CREDENTIAL_UNUSABLE": (
            "Your certificate at the trust service cannot be used now: "
            "it may be over, revoked or blocked. Ask the trust service."
        ),
        "notice.other": "That was not possible now. The page shows how things stand.",
        # Error pages: what happened, what it means, what to do
        "error.LINK_UNKNOWN": "This link is not known",
        "error.LINK_UNKNOWN.meaning": "It may have been cut off when it was copied. Nothing was signed.",
        "error.LINK_UNKNOWN.next": (
            "Open the link in your invitation once more. If that does not help, ask the sender for a new one."
        ),
        "error.not_found": "There is no such page",
        "error.not_found.meaning": "The address leads nowhere. Nothing was signed.",
        "error.not_found.next": "Open the link in your invitation once more.",
        "error.closed": "This is no longer open",
        "error.closed.meaning": "The request has ended, and its document is not shown any more.",
        "error.closed.next": "If the document still matters, ask the sender for a new request.",
        "error.conflict": "That is not possible now",
        "error.conflict.meaning": "Something else has to happen first. Nothing was changed.",
        "error.conflict.next": "Open the link in your invitation: the page shows how things stand.",
        "error.malformed": "Your browser sent something unreadable",
        "error.malformed.meaning": "Nothing was changed and nothing was signed.",
        "error.malformed.next": "Go back to the page and try once more.",
        "error.unavailable": "The service is catching its breath",
        "error.unavailable.meaning": "A part of it does not answer just now. Nothing is lost.",
        "error.unavailable.next": "Wait a moment, then load the page again.",
        "error.unexpected": "Something went wrong on our side",
        "error.unexpected.meaning": "It is not your fault, and what you signed before stays signed.",
        "error.unexpected.next": "If loading it again does not help, tell the sender the request id below.",
    }
)


def day(moment: datetime) -> str:
    """``24 November 2026``; the day in UTC."""
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def day_and_time(moment: datetime) -> str:
    """``24 November 2026, 10:02 UTC``; ``moment`` is in UTC."""
    return f"{day(moment)}, {moment:%H:%M} UTC"


def size(size_bytes: int) -> str:
    """``243 KB``, ``1.4 MB``: kilobytes of 1,000, as file managers show them."""
    if size_bytes < 1_000_000:
        return f"{max(1, round(size_bytes / 1000))} KB"
    return f"{size_bytes / 1_000_000:.1f} MB"
