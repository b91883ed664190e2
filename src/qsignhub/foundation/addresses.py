"""Which IP addresses a URL given by a customer may lead to.

After the IANA special-purpose address registries (RFC 6890, RFC 8190), written out here because what
``ipaddress`` calls global differs between Python releases. Judged are addresses, never spellings:
``0x7f.1`` and ``2130706433`` are 127.0.0.1 by the time the resolver has read them.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_NEVER_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host (RFC 791); Linux takes 0.0.0.0 for loopback
        "168.63.129.16/32",  # Azure's platform services, public by number alone
        "169.254.0.0/16",  # link-local (RFC 3927) and the clouds' metadata at 169.254.169.254
        "192.0.0.0/24",  # protocol assignments (RFC 6890); metadata of one cloud
        "192.0.2.0/24",  # documentation (RFC 5737)
        "192.88.99.0/24",  # 6to4 relay anycast (RFC 7526)
        "198.18.0.0/15",  # benchmarking (RFC 2544)
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast (RFC 5771)
        "240.0.0.0/4",  # reserved (RFC 1112) and broadcast
    )
)
_PRIVATE_V4 = tuple(
    IPv4Network(network)
    for network in (
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT (RFC 6598)
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
    )
)

_GLOBAL_UNICAST = IPv6Network("2000::/3")  # RFC 4291: all else is special or unassigned
_NEVER_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo (RFC 4380) among them
        "2001:db8::/32",  # documentation (RFC 3849)
        "3fff::/20",  # documentation (RFC 9637)
    )
)
_PRIVATE_V6 = (IPv6Network("::1/128"), IPv6Network("fc00::/7"))
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052; the local-use 64:ff9b:1::/48 is not global unicast


def may_be_contacted(address: str, *, allow_private: bool) -> bool:
    """Whether a connection to this numeric address is allowed.

    ``allow_private`` opens loopback and private networks only: metadata services, link-local,
    multicast and reserved addresses stay closed. An IPv4 address inside an IPv6 one (mapped,
    NAT64, 6to4) is judged as what it is.
    """
    parsed = ip_address(address)
    if isinstance(parsed, IPv4Address):
        return _v4(parsed, allow_private)
    return _v6(parsed, allow_private)


def _v4(address: IPv4Address, allow_private: bool) -> bool:
    return not _within(address, _NEVER_V4) and (allow_private or not _within(address, _PRIVATE_V4))


def _v6(address: IPv6Address, allow_private: bool) -> bool:
    if address.scope_id is not None:
        return False
    embedded = address.ipv4_mapped or address.sixtofour
    if embedded is None and address in _NAT64:
        embedded = IPv4Address(int(address) & 0xFFFF_FFFF)
    if embedded is not None:
        return _v4(embedded, allow_private)
    if _within(address, _PRIVATE_V6):
        return allow_private
    return address in _GLOBAL_UNICAST and not _within(address, _NEVER_V6)


def _within(
    address: IPv4Address | IPv6Address, networks: Iterable[IPv4Network] | Iterable[IPv6Network]
) -> bool:
    return any(address in network for network in networks)
