"""The findings as text to read and as JSON to compare."""

from dataclasses import asdict
from typing import Any

from bench.figures import Summary
from bench.load import Flood
from bench.memory_use import Part, sum_of
from bench.run import QUIET_CORES, Findings

HEAD = f"{'milliseconds':58}{'n':>5}{'p50':>9}{'p95':>9}{'p99':>9}{'most':>9}  promise"
TIMINGS = {
    "click_to_ai_in_page": "click → assistant audible in the page",
    "click_to_ai_at_sandbox": "click → assistant's first voice leaves the sandbox",
    "warm_dead_air": "warm seat: silence between assistant and closer",
    "warm_ended_to_bridge": "warm seat: assistant ended → bridge at the sandbox",
    "warm_bridge_to_heard": "  warm: bridge at the sandbox → prospect hears the closer",
    "take_to_seated": "  warm: key → closer's line up",
    "ai_ended_to_command": "cold: assistant ended → announcement at the sandbox",
    "ai_ended_to_ring": "cold: assistant ended → ring drawn on the dashboard",
    "accept_to_prospect_hears": "cold: accept → prospect hears the closer",
    "accept_to_closer_hears": "cold: accept → closer hears the prospect",
    "accept_to_row": "  accept: key → accepted in the database",
    "accept_to_command": "  accept: key → dial at the sandbox",
    "command_to_answered": "  accept: dial → closer's leg answered",
    "answered_to_bridge_command": "  accept: answered → bridge at the sandbox",
    "bridge_command_to_bridged": "  accept: bridge at the sandbox → bridged",
    "dead_air": "cold: silence between announcement and closer (incl. wait)",
    "own_error": "the product's own figure of the silence, off by",
}
PROMISES = {
    "warm_dead_air": "≤ 300",
    "warm_ended_to_bridge": "p95 ≤ 100, p99 ≤ 250",
    "accept_to_prospect_hears": "≤ 1500 (dead air)",
}


def text(found: Findings) -> str:
    parts = [opening(found), conversations(found), *failures(found), under_load(found), memory(found)]
    return "\n".join(["", *parts])


def opening(found: Findings) -> str:
    size = found.machine
    foreign = {"before the start": found.busy_before} | found.neighbours
    busy = ", ".join(f"{cores:.2f} ({when})" for when, cores in foreign.items())
    lines = [
        f"Machine: {size.cores} cores, {size.memory_gib} GiB, {size.model}; server: {found.server}.",
        f"Cores that others kept busy: {busy}.",
    ]
    if max(foreign.values()) > QUIET_CORES:
        lines.append("NOT QUIET: compare only what stands in one run.")
    return "\n".join([*lines, ""])


def conversations(found: Findings) -> str:
    title = f"{found.held} of {found.planned} conversations, one at a time, in turn cold and warm, two browsers"
    lines = [title, HEAD]
    lines += [
        row(words, Summary.of(found.timings.get(name, [])), PROMISES.get(name, "")) for name, words in TIMINGS.items()
    ]
    lines.append(row("webhook sent → at a dashboard's socket", found.to_socket, "p95 ≤ 150"))
    lines.append(row("webhook sent → in the picture of the closer's page", found.to_page, "p95 ≤ 150"))
    if found.unseen_by_socket:
        lines.append(f"  NEVER SEEN by the socket: {found.unseen_by_socket} events")
    return "\n".join([*lines, ""])


def failures(found: Findings) -> list[str]:
    return [f"FAILED at {failed.stage}: {failed.reason}" for failed in found.failed] + [""] * bool(found.failed)


def row(words: str, summary: Summary | None, promise: str = "") -> str:
    if summary is None:
        return f"{words:58}{0:5}  nothing observed"
    values = "".join(f"{value:9.1f}" for value in (summary.p50, summary.p95, summary.p99, summary.most))
    return f"{words:58}{summary.count:5}{values}  {promise}".rstrip()


def under_load(found: Findings) -> str:
    paced, door, bare = found.paced, found.door, found.bare
    if not paced or not door or not bare:
        return ""
    fate = f"{paced.refused} refused, {paced.unprocessed} not processed, {paced.unseen} never seen by the socket"
    return "\n".join(
        [
            f"{paced.sent} webhooks at {paced.a_second:.1f} a second; {fate}",
            HEAD,
            row("webhook sent → answered", paced.answered),
            row("webhook sent → at a dashboard's socket", paced.on_dashboard, "p95 ≤ 150, p99 ≤ 300"),
            "",
            "Webhook intake against a bare handler that commits one row under daphne, same run",
            HEAD,
            flood_row("our door", door),
            flood_row("bare handler", bare),
            f"ratio {ratio(found):.2f} (promise ≥ 0.50)",
            "",
        ]
    )


def ratio(found: Findings) -> float:
    return found.door.a_second / found.bare.a_second if found.door and found.bare else 0.0


def memory(found: Findings) -> str:
    crowded = {part.name: part for part in found.crowded}
    head = f"{'MiB':34}{'idle PSS':>10}{'idle RSS':>10}{'PSS':>10}{'RSS':>10}  with {found.crowd} conversations"
    parts = [*found.idle, sum_of(found.idle)]
    crowded["all"] = sum_of(found.crowded)
    lines = [memory_row(part, crowded.get(part.name)) for part in parts]
    total = sum_of(found.idle).pss
    verdict = "kept" if total <= 1024 else "BROKEN"
    return "\n".join([head, *lines, f"idle sum {total:.0f} MiB PSS (promise ≤ 1024: {verdict})"])


def memory_row(idle: Part, crowded: Part | None) -> str:
    values = [idle.pss, idle.rss, *([crowded.pss, crowded.rss] if crowded else [])]
    return f"{idle.name:34}" + "".join(f"{value:10.1f}" for value in values)


def as_json(found: Findings) -> dict[str, Any]:
    plain = asdict(found)
    plain["summaries"] = {name: summed(found.timings.get(name, [])) for name in TIMINGS}
    plain["ratio"] = round(ratio(found), 3)
    return plain


def summed(values: list[float]) -> dict[str, float] | None:
    summary = Summary.of(values)
    return summary.as_json() if summary else None


def flood_row(name: str, flood: Flood) -> str:
    return row(f"{name}: {flood.a_second:.0f} a second, {flood.refused} refused", flood.answered)
