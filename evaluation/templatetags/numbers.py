"""Template filters that write numbers and names as core/wording.py says."""

from django import template

from evaluation.core import wording

register = template.Library()

register.filter("percent", wording.percent)
register.filter("points", wording.points)
register.filter("p_value", wording.p_value)
register.filter("decimal", wording.decimal)
register.filter("origin_title", wording.origin)
register.filter("tissue_title", wording.tissue)
