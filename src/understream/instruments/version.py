"""A version that was used never changes: what another file with its name says differently."""

from understream.instruments.reader import Instrument, Item


def changes_since(used: Instrument, fresh: Instrument) -> tuple[str, ...]:
    """Return what differs between a version that was used and a file that calls itself so.

    :param used: the version as it was used.
    :param fresh: what may go on from it.
    :returns: sentences, in the order of the questions; none if the file is another instrument, a
        later version, or the same.
    """
    if fresh.code != used.code or fresh.version > used.version:
        return ()
    if fresh.version < used.version:
        return (f"version {used.version} was used already, and this is version {fresh.version}",)
    if fresh.digest() == used.digest():
        return ()
    before = {item.code: item for item in used.items}
    after = {item.code: item for item in fresh.items}
    told = [f"{code}: the question is gone" for code in before if code not in after]
    for code, item in after.items():
        if code not in before:
            told.append(f"{code}: the question is new")
        else:
            told += _changes(used, before[code], fresh, item)
    order = [code for code in before if code in after]
    if order != [code for code in after if code in before]:
        told.append("the questions stand in another order")
    return tuple(told) or ("something else than its questions differs",)


def _changes(used: Instrument, old: Item, fresh: Instrument, new: Item) -> list[str]:
    told = [
        f"{new.code}: its words differ ({language})"
        for language in ("en", "nl")
        if old.text.into(language) != new.text.into(language)
    ]
    if used.scale_of(old) != fresh.scale_of(new) or used.ends_of(old) != fresh.ends_of(new):
        told.append(f"{new.code}: it is answered on another scale")
    if (old.facet, old.reverse, old.once) != (new.facet, new.reverse, new.once):
        told.append(f"{new.code}: it counts otherwise")
    return told
