"""WebhookError
└── WebhookUrlInvalid   not a URL that events can be sent to (Invalid)

What goes wrong with a delivery is no error of the service's: it is recorded with the delivery
(``last_outcome``) and tried again. ``foundation.outward`` has OutwardRefused and OutwardFailed.
"""

from __future__ import annotations

from qsignhub.foundation.errors import Invalid


class WebhookUrlInvalid(Invalid):
    code = "WEBHOOK_URL_INVALID"
