from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    name = "evaluation"

    def ready(self) -> None:
        """Analyse a study when it is closed."""
        from evaluation.services import study_analyses
        from readerstudy.signals import study_closed

        study_closed.connect(study_analyses.on_closed, dispatch_uid="evaluation.analyse")
