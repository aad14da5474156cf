"""Hostile documents in a real browser, through every way into a page: no script runs, and nothing is asked of another host."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client

from skills_app.domain.enums import VersionOrigin
from skills_app.domain.storable import storable_text
from skills_app.models import Comment, Review, Skill, SkillFile, SkillVersion
from skills_app.services.add_version import add_version
from skills_app.services.index_skill_text import index_skill_text
from tests.hostile_documents import EVIL_HOST, HOSTILE, Hostile
from tests.skills_app import review_makers as made
from tests.skills_app.skill_makers import START, document, skill, text_file

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NUMBERED = tuple(enumerate(HOSTILE))
GROUP = 30
# Of the documents that fill a page alone, a review shows each fourth: it renders them as the page of a file does, which shows all.
ALONE_IN_REVIEW = 4
# Counts what ran and what the policy had to forbid: what our rendering left over for it is a hole of its own.
WATCH = """
window.ran = () => window.noticed("ran");
for (const name of ["alert", "confirm", "prompt", "print", "open"]) window[name] = () => window.noticed(name);
document.addEventListener("securitypolicyviolation", (event) =>
  window.noticed(`policy: ${event.violatedDirective} ${event.blockedURI}`));
"""
# Whatever could run, load, ask, send or lead away by itself or when it is touched.
LIVE = """() => {
  const found = [];
  for (const node of document.querySelectorAll("*")) {
    const tag = node.localName;
    if (/^(iframe|frame|object|embed|applet|base|portal|math|video|audio|source|track|marquee|xss|plaintext|xmp|area)$/.test(tag)) found.push(tag);
    if (tag === "script" && !(node.src && new URL(node.src).origin === location.origin)) found.push("script");
    if (tag === "meta" && /refresh|set-cookie|policy/i.test(node.httpEquiv)) found.push("meta");
    for (const { name, value } of node.attributes) {
      if (/^(on|xlink:|hx-on|data-hx-on)/.test(name) || /^(style|srcdoc|ping|background|formaction|manifest)$/.test(name)) {
        found.push(`${tag}@${name}`);
      }
      if (/^(data-)?hx-(get|post|put|delete|patch|vals|ws|sse|ext)$/.test(name) && /evil|sign-out|js:|^\\/x$|connect/.test(value)) {
        found.push(`${tag}@${name}=${value}`);
      }
      if (/^(href|src|action|data)$/.test(name) && value) {
        const url = URL.parse(value, document.baseURI);
        const isOutside = !url || url.origin !== location.origin;
        if (isOutside && !(tag === "a" && /^(https?|mailto):$/.test(url?.protocol ?? ""))) found.push(`${tag}@${name}=${value}`);
      }
    }
  }
  return found;
}"""

WORDS_WITHOUT = """(gone) => {
  const text = document.querySelector("#text-title").closest("section").cloneNode(true);
  for (const element of text.querySelectorAll(gone)) element.remove();
  return text.textContent.replace(/\\s+/g, " ").replace(/ \\./g, ".");
}"""


@dataclass
class Watch:
    """What a browser was seen to do; ``noticed`` and ``asked`` must stay empty."""

    page: Any
    host: str
    noticed: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def visit(self, path: str) -> None:
        """Open a page and look for anything live in it; it must be still there afterwards."""
        response = self.page.goto(path)
        assert response.status == 200, path
        assert "script-src 'self'" in response.headers["content-security-policy"]
        assert self.page.evaluate(LIVE) == [], path
        assert self.page.url == self.host + path, path

    def request(self, request: Any) -> None:
        """Write down a request that leaves, or that changes something."""
        url = urlsplit(request.url)
        is_ours = f"{url.scheme}://{url.netloc}" == self.host
        if not is_ours or request.method != "GET" or url.path == "/sign-out/":
            self.asked.append(f"{request.method} {request.url}")


@pytest.fixture
def watch(chromium: Any, live_server: Any) -> Iterator[Watch]:
    """Give a signed-in browser that writes down whatever runs or leaves; either fails the test."""
    client = Client()
    client.force_login(User.objects.create_superuser("ada"))
    context = chromium.new_context(base_url=live_server.url)
    context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    seen = Watch(context.new_page(), live_server.url)
    context.expose_binding("noticed", lambda source, words: seen.noticed.append(str(words)))
    context.add_init_script(WATCH)
    context.on("request", seen.request)
    seen.page.on("popup", lambda page: seen.noticed.append(f"popup {page.url}"))
    yield seen
    context.close()
    assert seen.noticed == []
    assert seen.asked == []


def end_of(number: int) -> str:
    return f"End of case {number}."


def assert_ends(page: Any, numbers: list[int], within: str) -> None:
    """Fail when a document swallowed what follows it: the words after each stand in ``within``, as text."""
    words = page.locator(within).first.inner_text()
    assert [number for number in numbers if end_of(number) not in words] == []


def test_the_documents_run_where_nothing_stops_them(chromium: Any) -> None:
    """Without our rendering and policy the same watch sees them run and ask: it is not blind."""
    context = chromium.new_context(offline=True)
    page = context.new_page()
    noticed: list[str] = []
    asked: list[str] = []
    context.expose_binding("noticed", lambda source, words: noticed.append(words))
    context.add_init_script(WATCH)
    context.on("request", lambda request: asked.append(request.url))
    frames = "".join(
        f'<iframe srcdoc="{one.text.replace("&", "&amp;").replace(chr(34), "&quot;")}"></iframe>'
        for one in HOSTILE[::2]
    )
    page.set_content(frames)
    for _ in range(100):
        if noticed.count("ran") >= 30 and sum(EVIL_HOST in url for url in asked) >= 10:
            break
        page.wait_for_timeout(50)
    else:
        raise AssertionError(f"{noticed.count('ran')} ran, {len(asked)} requests were seen")
    context.close()


def test_markdown_and_file_names(watch: Watch) -> None:
    """Each document as a file whose name is hostile too; what may swallow others is a file and a page of its own."""
    names = skill("tools/names", files=tuple(text_file(file_name(*one), "x") for one in NUMBERED))
    of = skill("tools/files")
    groups = in_groups()
    versions = SkillVersion.objects.bulk_create(
        SkillVersion(skill=of, number=number, digest=str(number), content=number, made_at=START)
        for number in range(2, len(groups) + 2)
    )
    SkillFile.objects.bulk_create(
        SkillFile(version=version, path=file_name(*group[0]), size_bytes=1, text=markdown(group))
        for version, group in zip(versions, groups, strict=True)
    )

    watch.visit(f"/skills/{names.key}/?tab=files")
    assert watch.page.locator(".file-tree a").count() == len(NUMBERED) + 1
    for version, group in zip(versions, groups, strict=True):
        watch.visit(f"{version.get_absolute_url()}files/{quote(file_name(*group[0]))}")
        assert_ends(watch.page, [number for number, _ in group], ".main-column .doc")


def test_front_matter(watch: Watch) -> None:
    """Each document as values and keys of front matter, and all of them as front matter that is no YAML."""
    of = skill("tools/front", content=f"---\nname: front\n{fields()}\n---\n\n# Front\n")
    raw = [(number, one) for number, one in NUMBERED if "---" not in one.text]
    lines = "\n".join(f"{one.text}\n{end_of(number)}" for number, one in raw)
    broken = skill("tools/broken", content=f"---\ndescription: {lines}\n---\n\n# Broken\n")

    for tab in ("document", "source"):
        watch.visit(f"/skills/{of.key}/?tab={tab}")
        assert_ends(watch.page, [number for number, _ in NUMBERED], "main")
    watch.visit(f"/skills/{broken.key}/")
    assert_ends(watch.page, [number for number, _ in raw], "main")


def test_comments(watch: Watch) -> None:
    """Each document as a comment, its quote, a suggestion, a reply, and a reason; and as a draft to be changed."""
    ada, olga = User.objects.get(username="ada"), made.person("olga")
    review = made.review(made.draft(author=olga), olga, ada, message=" ".join(one.text for one in HOSTILE))
    sent = Comment.objects.bulk_create(comment(review, olga, number, one) for number, one in NUMBERED)
    Comment.objects.bulk_create(
        Comment(review=review, version=review.version, author=olga, author_name="olga", thread=sent[number],
                body=f"{one.text} {end_of(number)}", made_at=made.NOON, sent_at=made.NOON)
        for number, one in NUMBERED[::4]
    )  # fmt: skip
    Comment.objects.bulk_create(
        comment(review, ada, number, one, sent_at=None) for number, one in NUMBERED[1::4]
    )

    for path in (review.get_absolute_url(), f"{review.get_absolute_url()}request/"):
        watch.visit(path)
        assert_ends(watch.page, [number for number, _ in NUMBERED], "main")
    made.next_draft(review.version, "The first sentence is another one.")
    for path in (
        f"{review.get_absolute_url()}regenerate/",
        f"/skills/{review.skill.key}/compare/?base=2&head=3",
        "/",
        "/reviews/?show=drafts",
    ):
        watch.visit(path)


@pytest.mark.parametrize("view", ["side", "unified", "rendered"])
def test_differences(watch: Watch, view: str) -> None:
    """Each document as a field of front matter that came and as a file that changed."""
    before = skill("tools/changed", files=changed_files(is_before=True))
    add_version(
        skill=before,
        content=f"---\nname: changed\n{fields()}\n---\n\n# Changed\n",
        files=changed_files(is_before=False),
        origin=VersionOrigin.EDIT,
        made_at=START + timedelta(days=1),
        message=HOSTILE[0].text,
        author_name=HOSTILE[0].text,
    )
    path = f"/skills/{before.key}/compare/?head=2&view={view}"
    watch.visit(path)
    parts = watch.page.locator("nav[aria-label='Parts of the difference'] a").count()
    seen = watch.page.locator("#compare-body").inner_text()
    for part in range(2, parts + 1):
        watch.visit(f"{path}&part={part}")
        seen += watch.page.locator("#compare-body").inner_text()
    assert [number for number, _ in NUMBERED if seen.count(end_of(number)) < 2] == []


def test_rendered_differences_and_reviews(watch: Watch) -> None:
    """Each document as what comes and what goes in a rendered difference, and each group as the text under review."""
    olga = made.person("olga")
    review = made.review(made.draft(author=olga), olga, User.objects.get(username="ada"))
    of, groups = review.skill, in_groups()
    texts = [document(of.slug, markdown(group)) for group in groups]
    versions = SkillVersion.objects.bulk_create(
        SkillVersion(skill=of, number=number, digest=str(number), content_digest=str(number), content=text, made_at=START)
        for number, text in enumerate(texts, start=3)
    )  # fmt: skip

    # The version after each brings the next documents and takes these away.
    before: list[int] = []
    for version, group in zip(versions, groups, strict=True):
        ends = [number for number, _ in group]
        watch.visit(
            f"/skills/{of.key}/compare/?base={version.number - 1}&head={version.number}&view=rendered"
        )
        assert watch.page.locator(".diff-doc").count() > 0
        for side, other_side in ((before, "ins, [data-diff=added]"), (ends, "del, [data-diff=removed]")):
            words = watch.page.evaluate(WORDS_WITHOUT, other_side)
            assert [number for number in side if end_of(number) not in words] == []
        before = ends
        if len(group) == 1 and version.number % ALONE_IN_REVIEW:
            continue
        Review.objects.filter(pk=review.pk).update(version=version)
        watch.visit(review.get_absolute_url())
        assert_ends(watch.page, ends, "[data-review-text]")


def test_snippets_of_a_search(watch: Watch) -> None:
    """Each document as the passage that a search hits, and as the words that are searched for."""
    rows = Skill.objects.bulk_create(
        Skill(path=f"tools/case-{number}", slug=f"case-{number}", name=f"case-{number}", description=one.text)
        for number, one in NUMBERED
    )
    versions = SkillVersion.objects.bulk_create(
        SkillVersion(skill=row, number=1, digest=str(row.pk), content_digest=str(row.pk), made_at=START,
                     origin=VersionOrigin.LIBRARY, content=storable_text(document(row.slug, f"needle {one.text} needle")))
        for row, one in zip(rows, HOSTILE, strict=True)
    )  # fmt: skip
    for row, version in zip(rows, versions, strict=True):
        row.current_version, row.num_versions = version, 1
    Skill.objects.bulk_update(rows, ["current_version", "num_versions"])
    index_skill_text(skill_ids=[row.pk for row in rows])

    num_rows = 0
    for number in range(1, len(HOSTILE) // 50 + 2):
        watch.visit(f"/skills/?q=needle&page={number}")
        num_rows += watch.page.locator("#skill-results mark").count()
    assert num_rows >= len(HOSTILE)
    watch.visit("/search/?q=needle")
    for _, one in NUMBERED[::12]:
        watch.visit(f"/search/?q={quote(storable_text(one.text), safe='')}")


def markdown(group: list[tuple[int, Hostile]]) -> str:
    """Return the documents of a group below each other, each with the words that end it."""
    return "\n\n".join(f"## Case\n\n{storable_text(one.text)}\n\n{end_of(number)}" for number, one in group)


def file_name(number: int, one: Hostile) -> str:
    """Return a path that holds the document: what a folder could be called, up to the slashes in it."""
    words = "/".join(part for part in one.text.split("/") if part.strip(". "))
    return storable_text(words)[:300] + f"/case-{number}.md"


def comment(review: Any, author: User, number: int, one: Hostile, **fields: Any) -> Comment:
    words = storable_text(one.text)
    values = {
        "sent_at": made.NOON,
        "made_at": made.NOON,
        "state_reason": words,
        "suggestion": words,
        **fields,
    }
    return Comment(
        review=review,
        version=review.version,
        author=author,
        author_name=author.get_username(),
        body=f"{words} {end_of(number)}",
        quote=words,
        heading_path=[words],
        **values,
    )


def fields() -> str:
    """Return lines of front matter with each document as a value and as a key, in maps that are short enough to be shown whole."""
    lines = []
    for start in range(0, len(NUMBERED), 50):
        some = NUMBERED[start : start + 50]
        values = {f"case-{number}": f"{one.text} {end_of(number)}" for number, one in some}
        keys = {f"{one.text} {number}": number for number, one in some}
        lines += [f"values-{start}: {json.dumps(values)}", f"keys-{start}: {json.dumps(keys)}"]
    return "\n".join(lines)


def in_groups() -> list[list[tuple[int, Hostile]]]:
    """Return the documents in groups that may stand in one document; what may swallow others is a group of its own."""
    shared = [(number, one) for number, one in NUMBERED if not one.is_alone]
    groups = [shared[start : start + GROUP] for start in range(0, len(shared), GROUP)]
    return groups + [[(number, one)] for number, one in NUMBERED if one.is_alone]


def changed_files(*, is_before: bool) -> tuple[Any, ...]:
    """Return a file of each group, or plain words in its place."""
    return tuple(
        text_file(f"references/{group[0][0]}.md", "Plain words." if is_before else markdown(group))
        for group in in_groups()
    )
