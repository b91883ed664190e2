curl -X POST https://api.qsignhub.io/v1/documents   -H "X-API-Key: qsh_live_Xk9mN3pQr7..."   -F "file=@service_agreement.pdf"   -F "name=Q1 2025 Service Agreement"   -F "locale=en-GB"
