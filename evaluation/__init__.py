"""Numbers: reader accuracy with its statistics, and distances between real and generated patches."""
