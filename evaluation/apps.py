from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    name = "evaluation"

    def ready(self) -> None:
        """Analyse a study when it is closed, and anew when answers leave it."""
        from evaluation.services import study_analyses
        from readerstudy.signals import study_closed, trials_changed

        study_closed.connect(study_analyses.on_closed, dispatch_uid="evaluation.analyse")
        trials_changed.connect(study_analyses.on_closed, dispatch_uid="evaluation.analyse_anew")
