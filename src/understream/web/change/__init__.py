"""What became of a mirror's figures since an earlier round."""
