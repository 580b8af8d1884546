#!/usr/bin/env python3
"""Makes the man page from the command's own help: telar --experimental-dump-help | manual.py VERSION > telar.1

The page is in man(7)'s language: overview, then each command with its text, arguments and options.
"""
import json
import sys


def escaped(text):
    """Text as roff prints it: no escapes, no requests, ASCII, and hyphens that can be searched for and copied."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    text = "".join(c if ord(c) < 128 else f"\\[u{ord(c):04X}]" for c in text)
    return "\n".join("\\&" + line if line.startswith((".", "\\(aq")) else line for line in text.split("\n"))


def paragraphs(text):
    """Paragraphs filled, and lines that are indented or are headings kept as they are."""
    for block in text.strip("\n").split("\n\n"):
        lines = block.split("\n")
        yield ".PP"
        if any(line.startswith("  ") for line in lines):
            yield ".nf"
            yield from (escaped(line) for line in lines)
            yield ".fi"
        else:
            yield from (escaped(line) for line in lines)


def name(argument):
    """An argument as it is typed: bold what is literal, italic what stands for a value."""
    value = "\\fI" + escaped(argument.get("valueName", "")) + "\\fR"
    if argument["kind"] == "positional":
        return value + (" ..." if argument["isRepeating"] else "")
    forms = []
    for form in sorted(argument["names"], key=lambda form: form["kind"] != "short"):
        dashes = "-" if form["kind"] == "short" else "--"
        text = "\\fB" + escaped(dashes + form["name"]) + "\\fR"
        forms.append(text + (" " + value if argument["kind"] == "option" else ""))
    return ", ".join(forms)


def synopsis(path, command):
    words = ["\\fB" + escaped(" ".join(path)) + "\\fR"]
    arguments = shown(command)
    if any(argument["kind"] != "positional" for argument in arguments):
        words.append("[\\fIoptions\\fR]")
    for argument in arguments:
        if argument["kind"] == "positional":
            words.append(("[%s]" if argument["isOptional"] else "%s") % name(argument))
        elif argument["kind"] == "option" and not argument["isOptional"]:
            words.append(name(argument))
    return " ".join(words)


def shown(command):
    """Arguments that help shows, without those that every command has."""
    names = {"help", "version"} if command.get("superCommands") else set()
    return [
        argument for argument in command.get("arguments", [])
        if argument["shouldDisplay"] and not names & {form["name"] for form in argument.get("names", [])}
    ]


def described(argument):
    yield ".TP"
    yield name(argument)
    text = " ".join(filter(None, [argument.get("abstract"), argument.get("discussion")]))
    if argument.get("defaultValue") and argument["kind"] != "flag":
        text += f" (default: {argument['defaultValue']})"
    yield from (escaped(line) for line in text.split("\n"))


def section(path, command):
    """A command, or those of its own."""
    if command.get("subcommands"):
        for child in visible(command):
            yield from section(path + [child["commandName"]], child)
        return
    yield f'.SS "{escaped(" ".join(path))}"'
    yield synopsis(path, command)
    for text in (command.get("abstract"), command.get("discussion")):
        if text:
            yield from paragraphs(text)
    for argument in shown(command):
        yield from described(argument)


def visible(command):
    return [child for child in command.get("subcommands", []) if child["shouldDisplay"] and child["commandName"] != "help"]


def page(command, version):
    title = command["commandName"]
    yield f'.TH {title.upper()} 1 "" "{title} {version}" "User commands"'
    yield ".nh\n.ad l"
    yield ".SH NAME"
    yield f"{title} \\- {escaped(command['abstract'].rstrip('.'))}"
    yield ".SH SYNOPSIS"
    yield f"\\fB{title}\\fR \\fIcommand\\fR [\\fIoptions\\fR]"
    yield ".SH DESCRIPTION"
    yield from paragraphs(command.get("discussion", ""))
    yield ".SH OPTIONS"
    for argument in shown(command):
        yield from described(argument)
    yield ".SH COMMANDS"
    for child in visible(command):
        yield from section([title, child["commandName"]], child)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.split("\n")[0])
    for line in page(json.load(sys.stdin)["command"], sys.argv[1]):
        # roff ends a paragraph at an empty line.
        print(line or ".sp")


main()
