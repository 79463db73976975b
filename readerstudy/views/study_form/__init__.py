"""The form in which a study is designed, one module per part of the protocol."""

from readerstudy.views.study_form.form import StudyForm
from readerstudy.views.study_form.initial import PRESETS, initial_of_preset, initial_of_protocol

__all__ = ["PRESETS", "StudyForm", "initial_of_preset", "initial_of_protocol"]
