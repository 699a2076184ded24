"""Put what an act found unfit beside the fields where it was given."""

from django import forms

from understream.access.refusal import Unfit


def add_faults(form: forms.Form, unfit: Unfit) -> None:
    """Show each fault at its field; what belongs to no field of this form stands above it."""
    for name, sentence in unfit.faults.items():
        form.add_error(name if name in form.fields else None, str(sentence))
