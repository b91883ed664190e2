"""NotificationError
├── MailNotConfigured   no mail server is set; the message waits            (Unavailable)
├── MailUnavailable     the mail server does not take mail just now         (Unavailable)
├── MailServerUrlInvalid  QSIGNHUB_SMTP_URL or QSIGNHUB_MAIL_FROM cannot be read (Invalid)
├── MailRefused         the mail server says no for good, to this mail      (Refused)
├── SmsNotConfigured    no provider of text messages is set                 (Refused)
├── PhoneMissing        a text message for somebody without a phone number  (Refused)
└── NoLongerOpen        what was to be signed was closed before it was told (Refused)

What is Unavailable makes the job wait; what is Refused is recorded with the message and final.
"""

from __future__ import annotations

from qsignhub.foundation.errors import Invalid, Refused, Unavailable


class MailNotConfigured(Unavailable):
    code = "MAIL_NOT_CONFIGURED"


class MailUnavailable(Unavailable):
    code = "MAIL_UNAVAILABLE"


class MailServerUrlInvalid(Invalid):
    code = "MAIL_SERVER_URL_INVALID"


class MailRefused(Refused):
    code = "MAIL_REFUSED"


class SmsNotConfigured(Refused):
    code = "SMS_NOT_CONFIGURED"


class PhoneMissing(Refused):
    code = "PHONE_MISSING"


class NoLongerOpen(Refused):
    code = "NO_LONGER_OPEN"
