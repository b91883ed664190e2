from __future__ import annotations

from qsignhub.notifications.languages.words import ByKind, ByLevel, Words

ENGLISH = Words(
    code="en",
    subject=ByKind(
        invitation="{account} asks you to sign: {document}",
        reminder="Reminder: {account} is waiting for your signature: {document}",
        cancellation="Withdrawn: {document} need not be signed any more",
    ),
    heading=ByKind(
        invitation="You are asked to sign",
        reminder="A reminder: you are asked to sign",
        cancellation="The request was withdrawn",
    ),
    greeting="Hello {name},",
    opening=ByKind(
        invitation="{account} asks you to sign a document electronically.",
        reminder="{account} is still waiting for your electronic signature on this document.",
        cancellation="{account} has withdrawn the request to sign this document.",
    ),
    document="Document",
    signature="Signature",
    level=ByLevel(
        qes="Qualified electronic signature (QES)",
        aes="Advanced electronic signature (AES)",
        ses="Simple electronic signature (SES)",
    ),
    open_until="Open until",
    button="Read and sign",
    copy_link="If the button does not work, copy this address into your browser:",
    private_link="This link is meant for you alone. Please do not pass this mail on.",
    note=ByKind(
        invitation="{account} writes:",
        reminder="{account} writes:",
        cancellation="The reason given:",
    ),
    withdrawn="There is nothing left for you to do. With the link that you had, nothing can be signed now.",
    unexpected=(
        "If you do not expect this, do not open the link: ask {account} by a way that you already know."
        " Without you nothing is signed."
    ),
    questions="If you have questions, ask {account} by a way that you already know.",
    automatic="This mail was sent automatically. Replies are not read.",
    sandbox="A test, without legal value.",
    text=ByKind(
        invitation="{account} asks you to sign “{document}”: {link}",
        reminder="Reminder: {account} is waiting for your signature on “{document}”: {link}",
        cancellation="{account} has withdrawn “{document}”. There is nothing left to sign.",
    ),
    months=(
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    moment="{day} {month} {year}, {time}",
)
