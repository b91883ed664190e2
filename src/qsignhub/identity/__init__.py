"""Who a signer is: identity verification behind one port."""
