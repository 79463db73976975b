"""Celery tasks: the jobs they run are imported in the worker only."""

from celery import shared_task


@shared_task(name="readerstudy.send_invitation", acks_late=True)
def send_invitation(mail_id: int) -> None:
    from readerstudy.jobs import sending

    delay = sending.run(mail_id)
    if delay is not None:
        send_invitation.apply_async([mail_id], countdown=delay.total_seconds())
