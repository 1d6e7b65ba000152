"""What runs networks: one module per runtime, each a :class:`~understudy.models.session.Session`."""
