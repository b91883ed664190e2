"""What a page shows of a session or a request: the state it is in, and links that are safe to follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args
from urllib.parse import urlsplit

from qsignhub.ceremonies.journal import Step
from qsignhub.ceremonies.service import Session
from qsignhub.ceremonies.visible import has_room_to_write, is_typable
from qsignhub.documents.model import Document
from qsignhub.identity.test_documents import TEST_DOCUMENTS
from qsignhub.signature_requests.model import SignatureRequest, Signer

PageState: TypeAlias = Literal["waiting", "identify", "sign", "signing", "signed", "failed", "closed"]
STEPS: tuple[Step, ...] = get_args(Step)
TEST_DOCUMENT_NUMBERS = tuple(TEST_DOCUMENTS)
PAGES_AT_ONCE = 50
_POLL_MILLISECONDS: dict[PageState, int] = {"waiting": 15_000, "signing": 700}
_POLL_SEALING, _POLL_OTHERS, _POLL_AWAITED = 1_500, 15_000, 5_000


@dataclass(frozen=True, slots=True)
class PageRange:
    """The pages shown at once: a document may have ten thousand."""

    first: int
    last: int
    count: int

    @property
    def numbers(self) -> range:
        return range(self.first, self.last + 1)

    @property
    def earlier(self) -> tuple[int, int] | None:
        return (max(1, self.first - PAGES_AT_ONCE), self.first - 1) if self.first > 1 else None

    @property
    def later(self) -> tuple[int, int] | None:
        return (self.last + 1, min(self.count, self.last + PAGES_AT_ONCE)) if self.last < self.count else None


@dataclass(frozen=True, slots=True)
class SignerView:
    session: Session
    token: str
    state: PageState
    request: SignatureRequest
    signer: Signer
    document: Document
    pages: PageRange | None
    """None where the document is not shown: the request is over, or it has no pages."""
    steps_done: int
    before: tuple[Signer, ...]
    """Those who have to sign first, and have not."""
    awaited: bool = False
    """The signer has to confirm on the trust service's own page."""
    refusal: str | None = None
    """The code with which the last attempt to sign ended, where the signer is asked again."""

    @property
    def test(self) -> bool:
        return self.request.scope.mode == "test"

    @property
    def completed(self) -> bool:
        return self.request.status == "completed"

    @property
    def shows_document(self) -> bool:
        return shows_document(self.state) and not self.document.is_gone

    @property
    def may_choose_look(self) -> bool:
        """The signature has a field on a page: the signer may choose how it is written."""
        return has_room_to_write(self.request, self.signer)

    @property
    def name_can_be_typed(self) -> bool:
        return is_typable(self.signer)

    @property
    def identity_refused(self) -> bool:
        return self.state == "identify" and self.signer.status == "verification_failed"

    @property
    def signed_count(self) -> int:
        return signed_count(self.request)

    @property
    def poll_milliseconds(self) -> int:
        """How often the page asks whether something has happened; 0 where nothing will."""
        over = self.request.status in {"completed", "expired", "cancelled"}
        if self.state == "signed" and not over:
            return _POLL_SEALING if self.signed_count == len(self.request.signers) else _POLL_OTHERS
        return _POLL_AWAITED if self.awaited else _POLL_MILLISECONDS.get(self.state, 0)

    @property
    def progress(self) -> dict[str, str | int | bool]:
        return {
            "state": self.state,
            "completed": self.completed,
            "steps_done": self.steps_done,
            "awaited": self.awaited,
            "signed_count": self.signed_count,
        }


def signer_view(session: Session, token: str, first_page: int = 1) -> SignerView:
    request, signer = session.request, session.signer
    state = state_of(session)
    before = tuple(
        other for other in request.signers if other.order < signer.order and other.status != "signed"
    )
    return SignerView(
        session=session,
        token=token,
        state=state,
        request=request,
        signer=signer,
        document=session.document,
        pages=_page_range(session.document, first_page)
        if shows_document(state) and not session.document.is_gone
        else None,
        steps_done=STEPS.index(session.step) + 1 if session.step else 0,
        before=before if state == "waiting" else (),
        awaited=session.awaited,
        refusal=session.refusal if state == "sign" else None,
    )


def state_of(session: Session) -> PageState:
    request, signer = session.request, session.signer
    if signer.status == "signed":
        return "signed"
    if request.status in {"expired", "cancelled"}:
        return "closed"
    if signer.status in {"signing", "failed"}:
        return "signing" if signer.status == "signing" else "failed"
    if session.over:
        return "closed"
    if not session.my_turn:
        return "waiting"
    return "sign" if signer.status in {"verified", "pending_signature"} else "identify"


def shows_document(state: PageState) -> bool:
    return state not in {"failed", "closed"}


def signed_count(request: SignatureRequest) -> int:
    return sum(signer.status == "signed" for signer in request.signers)


def safe_destination(url: str | None) -> tuple[str, str] | None:
    """(URL, host) where the signer may go on to, by http or https only.

    Browsers read a backslash as a slash and drop control characters: with one of them the host that
    we read and the host that they would visit could differ, so there is no link.
    """
    if url is None or "\\" in url or any(character <= " " or character == "\x7f" for character in url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host:
        return None
    return url, host


def _page_range(document: Document, first_page: int) -> PageRange | None:
    if not document.pages:
        return None
    first = min(max(first_page, 1), document.pages)
    return PageRange(first, min(document.pages, first + PAGES_AT_ONCE - 1), document.pages)
