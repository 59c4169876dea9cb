"""Nothing that is written drifts from what is: links, make targets, commands, options, exit codes."""

import re
from pathlib import Path

import pytest

import house
import pages
from anomaly import __version__, errors

README = house.REPOSITORY / "README.md"
CLI = house.REPOSITORY / "docs" / "cli.md"
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
EXIT_CODE = re.compile(r"^\| (?P<code>\d+) \|", flags=re.MULTILINE)


def exit_codes(kind: type[errors.AnomalyError]) -> set[int]:
    return {kind.exit_code}.union(*(exit_codes(child) for child in kind.__subclasses__()))


def broken_links(page: Path) -> list[str]:
    targets = [match["target"] for match in LINK.finditer(pages.text_of(page))]
    files = [target.partition("#")[0] for target in targets if "://" not in target]
    return [file for file in files if file and not (page.parent / file).exists()]


@pytest.mark.parametrize("page", pages.all_pages(), ids=house.named)
def test_links_lead_somewhere(page: Path) -> None:
    assert broken_links(page) == []


@pytest.mark.parametrize("page", pages.all_pages(), ids=house.named)
def test_make_targets_that_are_named_exist(page: Path) -> None:
    inline = re.findall(r"`make ([a-z]+)", pages.text_of(page))
    called = [call[0] for call in pages.calls_of("make", page) if call]
    assert {*inline, *called} - house.make_targets() == set()


def test_the_readme_begins_with_two_commands() -> None:
    first = [call[0] for call in pages.calls_of("make", README)]
    assert first == ["demo", "test"]


@pytest.mark.parametrize("page", [README, CLI], ids=house.named)
def test_every_exit_code_is_explained(page: Path) -> None:
    codes = {int(match["code"]) for match in EXIT_CODE.finditer(pages.text_of(page))}
    assert codes == {0} | exit_codes(errors.AnomalyError)


def test_every_decision_is_in_the_index() -> None:
    folder = house.REPOSITORY / "docs" / "decisions"
    written = sorted(page.name for page in folder.glob("0*.md"))
    listed = [target for target in LINK.findall(pages.text_of(folder / "README.md")) if re.match(r"\d{4}-", target)]
    assert listed == written
    assert [name[:4] for name in written] == [f"{number:04}" for number in range(1, len(written) + 1)]


def test_the_map_of_the_house_names_rooms_that_exist() -> None:
    page = house.REPOSITORY / "docs" / "architecture.md"
    table = pages.sections(page)["The house"].partition("Beside the package")[0]
    rooms = re.findall(r"`([a-z_]+(?:\.py|/))`", table)
    assert len(rooms) > 10
    assert [room for room in rooms if not (house.REPOSITORY / "anomaly" / room).exists()] == []


def test_the_changelog_knows_this_version() -> None:
    heads = pages.sections(house.REPOSITORY / "CHANGELOG.md")
    assert any(head.startswith(("[Unreleased]", f"[{__version__}]")) for head in heads)


def test_every_command_and_option_is_documented() -> None:
    group = pages.command_line()
    sections = pages.sections(CLI)
    everywhere = sections["Everywhere"]
    missing = []
    for name, command in pages.commands(group):
        section = sections.get(f"anomaly {name}")
        if section is None:
            missing.append(f"no section '## anomaly {name}'")
            continue
        known = set(re.findall(r"--[a-z][a-z-]*", section + everywhere))
        missing += [f"anomaly {name} {option}" for option in sorted(pages.options(command) - known - {"--help"})]
    assert missing == []


def test_no_command_is_documented_that_does_not_exist() -> None:
    known = {f"anomaly {name}" for name, _ in pages.commands(pages.command_line())}
    documented = {title for title in pages.sections(CLI) if title.startswith("anomaly ")}
    assert documented - known == set()


@pytest.mark.parametrize("page", pages.all_pages(), ids=house.named)
def test_commands_in_the_pages_exist_with_their_options(page: Path) -> None:
    group = pages.command_line()
    known = dict(pages.commands(group))
    wrong = []
    for call in pages.calls_of("anomaly", page):
        name = next((name for name in (" ".join(call[:2]), *call[:1]) if name in known), None)
        if name is None:
            wrong.append(f"anomaly {' '.join(call)}: no such command")
            continue
        used = {word.partition("=")[0] for word in call if word.startswith("--")}
        wrong += [f"anomaly {name} {option}" for option in used - pages.options(known[name]) - pages.options(group)]
    assert wrong == []
