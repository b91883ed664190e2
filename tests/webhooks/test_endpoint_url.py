from __future__ import annotations

import pytest

from qsignhub.webhooks.endpoint_url import check_endpoint_url
from qsignhub.webhooks.errors import WebhookUrlInvalid


@pytest.mark.parametrize(
    "url",
    [
        "https://yourapp.com/webhooks/qsignhub",
        "https://yourapp.com:8443/hooks?token=abc",
        "HTTPS://YourApp.com",
        "https://93.184.216.34/hooks",
        "https://[2606:4700:4700::1111]/hooks",
        "https://xn--bcher-kva.example/",
    ],
)
def test_https_urls_are_accepted(url):
    check_endpoint_url(url, allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "yourapp.com/hooks",
        "ftp://yourapp.com/",
        "file:///etc/passwd",
        "https://",
        "https:///hooks",
        "https://user:word@yourapp.com/",
        "https://user@yourapp.com/",
        "https://yourapp.com/#part",
        "https://yourapp.com/#",
        "https://yourapp.com:99999/",
        "https://yourapp.com:0/",
        "https://yourapp.com/a b",
        "https://yourapp.com/\r\nX-Header: 1",
        "https://yourapp.com/\x00",
        "https://bücher.example/",
        "https://0177.0.0.1/",
        "https://yourapp.com/" + "a" * 2048,
    ],
)
@pytest.mark.parametrize("allow_private", [False, True])
def test_what_is_no_plain_http_url_is_refused_everywhere(url, allow_private):
    with pytest.raises(WebhookUrlInvalid) as refused:
        check_endpoint_url(url, allow_private=allow_private)
    assert (refused.value.field, refused.value.code) == ("url", "WEBHOOK_URL_INVALID")


@pytest.mark.parametrize(
    "url",
    [
        "http://yourapp.com/",
        "http://127.0.0.1:9000/hooks",
        "https://127.0.0.1/",
        "https://localhost:8443/",
        "https://app.localhost./",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://100.64.0.1/",
    ],
)
def test_local_receivers_are_for_development_and_the_message_says_how(url):
    check_endpoint_url(url, allow_private=True)
    with pytest.raises(WebhookUrlInvalid, match="QSIGNHUB_WEBHOOK_ALLOW_PRIVATE=true"):
        check_endpoint_url(url, allow_private=False)
