"""What codes and names mean, for every reader: products, infusions, drugs, a centre's mapping."""
