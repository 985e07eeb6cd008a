"""License agreements and who accepted them."""
