"""How results look: one template and one function a scan, over the cards of `domain.result`."""
