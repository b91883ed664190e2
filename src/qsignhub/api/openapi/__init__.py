"""The specification that the service gives of itself: OpenAPI 3.1 at ``/v1/openapi.json``.

FastAPI knows the routes and their parameters. ``operations`` says for each of them what it takes and gives,
``examples`` has the contract's own, ``answers`` what every operation has in common, and ``document`` puts
them together. Nothing here takes part in answering a request.
"""
