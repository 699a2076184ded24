"""The live path: raw ASGI under /live/."""
