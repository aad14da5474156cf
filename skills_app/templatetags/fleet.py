"""Filters and tags of every template (a builtin: no ``{% load %}`` is needed)."""

from django import template

register = template.Library()
