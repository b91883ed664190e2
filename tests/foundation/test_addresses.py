from __future__ import annotations

import socket

import pytest

from qsignhub.foundation.addresses import may_be_contacted

PUBLIC = [
    "93.184.216.34",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.1",
    "172.32.0.1",
    "2606:4700:4700::1111",
    "2a00:1450:4001:81b::200e",
    "64:ff9b::808:808",  # 8.8.8.8 behind NAT64
    "::ffff:8.8.8.8",
    "2002:808:808::1",
]
PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "100.127.255.255",
    "100.100.100.200",  # metadata of a cloud, in the carrier-grade NAT range
    "::1",
    "fc00::1",
    "fd00:ec2::254",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "2002:a00:1::1",
]
NEVER = [
    "0.0.0.0",
    "0.1.2.3",
    "169.254.169.254",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "203.0.113.7",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::127.0.0.1",  # IPv4-compatible, deprecated
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",  # IPv4-translated (RFC 2765)
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:a9fe:a9fe::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",  # Teredo
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "100::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_open(address):
    assert may_be_contacted(address, allow_private=False)
    assert may_be_contacted(address, allow_private=True)


@pytest.mark.parametrize("address", PRIVATE)
def test_case_65_private_addresses_are_for_development_only(address):
    assert not may_be_contacted(address, allow_private=False)
    assert may_be_contacted(address, allow_private=True)


@pytest.mark.parametrize("address", NEVER)
def test_case_65_special_addresses_are_never_contacted(address):
    assert not may_be_contacted(address, allow_private=False)
    assert not may_be_contacted(address, allow_private=True)


@pytest.mark.parametrize(
    "spelling", ["2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.1", "127.0.1"]
)
def test_case_65_decimal_and_octal_forms_are_judged_as_the_address_they_mean(spelling):
    (entry, *_) = socket.getaddrinfo(spelling, 443, type=socket.SOCK_STREAM)
    assert entry[4][0] == "127.0.0.1"
    assert not may_be_contacted(str(entry[4][0]), allow_private=False)
