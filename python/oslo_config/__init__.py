"""As much of oslo.config as actions use. An installed one wins."""
