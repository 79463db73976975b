"""Forms of django-allauth in the words and the look of the desk."""

from django import template
from django.forms import BoundField, CheckboxInput, Form

register = template.Library()

_LABELS = {"Email": "E-mail address", "Passwordless": "Sign in with it alone, without the password"}


@register.filter
def house_fields(form: Form) -> list[BoundField]:
    """The fields that are seen: labels as sentences, no words inside the boxes that vanish when one types."""
    found = list(form.visible_fields())
    for field in found:
        field.field.widget.attrs.pop("placeholder", None)
        label = str(field.label)
        field.label = _LABELS.get(label, label.capitalize())
    return found


@register.filter
def is_tick(field: BoundField) -> bool:
    """A box to tick stands before its label."""
    return isinstance(field.field.widget, CheckboxInput)
