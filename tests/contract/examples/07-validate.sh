curl -X POST https://api.qsignhub.io/v1/validate   -H "X-API-Key: qsh_live_..."   -F "file=@signed_agreement.pdf"
