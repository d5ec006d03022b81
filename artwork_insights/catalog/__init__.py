"""What came in: artwork, impressions and titles, validated."""
