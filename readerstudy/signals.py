"""What this app tells others about, without knowing them."""

from django.dispatch import Signal

study_closed = Signal()  # study: readers are done, results may be seen; sent inside the transaction
trials_changed = (
    Signal()
)  # study: answers left it after its results could be seen; sent inside the transaction
