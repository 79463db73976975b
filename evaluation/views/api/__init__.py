"""The JSON interface of metric runs and results, and the whole of it, put together."""
