package io.qsignhub.conformance;

import com.fasterxml.jackson.databind.ObjectMapper;
import eu.europa.esig.dss.cades.CAdESSignatureParameters;
import eu.europa.esig.dss.cades.signature.CAdESService;
import eu.europa.esig.dss.crl.CRLBinary;
import eu.europa.esig.dss.crl.CRLUtils;
import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.enumerations.EncryptionAlgorithm;
import eu.europa.esig.dss.enumerations.SignatureAlgorithm;
import eu.europa.esig.dss.enumerations.SignatureLevel;
import eu.europa.esig.dss.enumerations.SignaturePackaging;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.InMemoryDocument;
import eu.europa.esig.dss.model.SignatureValue;
import eu.europa.esig.dss.model.ToBeSigned;
import eu.europa.esig.dss.model.x509.CertificateToken;
import eu.europa.esig.dss.pades.PAdESSignatureParameters;
import eu.europa.esig.dss.pades.signature.PAdESService;
import eu.europa.esig.dss.signature.AbstractSignatureParameters;
import eu.europa.esig.dss.signature.DocumentSignatureService;
import eu.europa.esig.dss.spi.DSSRevocationUtils;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CertificateVerifier;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.CRLSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.CRLToken;
import eu.europa.esig.dss.spi.x509.revocation.ocsp.OCSPSource;
import eu.europa.esig.dss.spi.x509.revocation.ocsp.OCSPToken;
import eu.europa.esig.dss.spi.x509.tsp.KeyEntityTSPSource;
import eu.europa.esig.dss.xades.XAdESSignatureParameters;
import eu.europa.esig.dss.xades.signature.XAdESService;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.bouncycastle.cert.ocsp.BasicOCSPResp;
import org.bouncycastle.cert.ocsp.OCSPResp;

/**
 * What a B-LT signature costs DSS: seconds of CPU of the one thread that signs, in a warm JVM.
 *
 * <pre>speed ROUNDS FOLDER</pre>
 *
 * The folder holds {@code document.pdf}, {@code document.xml}, {@code signer.p12} and {@code tsa.p12} (password
 * "speed"), {@code root.der}, {@code root.crl}, and {@code ocsp-signer.der} and {@code ocsp-tsa.der}: revocation
 * data are at hand, the timestamp is made in this process. What collects garbage and compiles is not counted.
 */
public final class Speed {

    private static final char[] PASSWORD = "speed".toCharArray();

    private final Path folder;
    private final PrivateKey key;
    private final List<CertificateToken> chain;
    private final KeyEntityTSPSource timestamps;

    private Speed(Path folder) throws Exception {
        this.folder = folder;
        KeyStore signer = store("signer.p12");
        this.key = (PrivateKey) signer.getKey("signer", PASSWORD);
        this.chain = tokens(signer, "signer");
        KeyStore tsa = store("tsa.p12");
        this.timestamps = new KeyEntityTSPSource((PrivateKey) tsa.getKey("tsa", PASSWORD), tokens(tsa, "tsa").get(0), tokens(tsa, "tsa"));
        timestamps.setTsaPolicy("1.3.6.1.4.1.99999.1.1");
    }

    public static void main(String[] arguments) throws Exception {
        int rounds = Integer.parseInt(arguments[0]);
        Speed speed = new Speed(Path.of(arguments[1]));
        Map<String, Object> found = new LinkedHashMap<>();
        found.put("pades", speed.seconds(rounds, speed::pades));
        found.put("xades", speed.seconds(rounds, speed::xades));
        found.put("cades", speed.seconds(rounds, speed::cades));
        found.put("peak_memory_kib", peakMemory());
        System.out.println(new ObjectMapper().writeValueAsString(found));
    }

    private double seconds(int rounds, Supplier<DSSDocument> sign) throws Exception {
        var threads = ManagementFactory.getThreadMXBean();
        for (int i = 0; i < 3 * rounds; i++) {
            sign.get();
        }
        double[] each = new double[rounds];
        for (int i = 0; i < rounds; i++) {
            long begun = threads.getCurrentThreadCpuTime();
            sign.get();
            each[i] = (threads.getCurrentThreadCpuTime() - begun) / 1e9;
        }
        Arrays.sort(each);
        return each[rounds / 2];
    }

    private DSSDocument pades() {
        PAdESSignatureParameters parameters = new PAdESSignatureParameters();
        parameters.setSignatureLevel(SignatureLevel.PAdES_BASELINE_LT);
        PAdESService service = new PAdESService(verifier());
        service.setTspSource(timestamps);
        return signed(service, parameters, "document.pdf");
    }

    private DSSDocument xades() {
        XAdESSignatureParameters parameters = new XAdESSignatureParameters();
        parameters.setSignatureLevel(SignatureLevel.XAdES_BASELINE_LT);
        parameters.setSignaturePackaging(SignaturePackaging.ENVELOPED);
        XAdESService service = new XAdESService(verifier());
        service.setTspSource(timestamps);
        return signed(service, parameters, "document.xml");
    }

    private DSSDocument cades() {
        CAdESSignatureParameters parameters = new CAdESSignatureParameters();
        parameters.setSignatureLevel(SignatureLevel.CAdES_BASELINE_LT);
        parameters.setSignaturePackaging(SignaturePackaging.ENVELOPING);
        CAdESService service = new CAdESService(verifier());
        service.setTspSource(timestamps);
        return signed(service, parameters, "document.pdf");
    }

    private <P extends AbstractSignatureParameters<?>> DSSDocument signed(
            DocumentSignatureService<P, ?> service, P parameters, String name) {
        try {
            parameters.setDigestAlgorithm(DigestAlgorithm.SHA256);
            parameters.setEncryptionAlgorithm(EncryptionAlgorithm.ECDSA);
            parameters.setSigningCertificate(chain.get(0));
            parameters.setCertificateChain(chain);
            DSSDocument document = new InMemoryDocument(Files.readAllBytes(folder.resolve(name)), name);
            ToBeSigned data = service.getDataToSign(document, parameters);
            Signature signature = Signature.getInstance("SHA256withECDSA");
            signature.initSign(key);
            signature.update(data.getBytes());
            SignatureValue value = new SignatureValue(SignatureAlgorithm.ECDSA_SHA256, signature.sign());
            return service.signDocument(document, parameters, value);
        } catch (Exception failure) {
            throw new IllegalStateException(failure);
        }
    }

    /** A new one for each signature, as a service has it: it keeps what it has seen. */
    private CertificateVerifier verifier() {
        try {
            CommonTrustedCertificateSource anchors = new CommonTrustedCertificateSource();
            anchors.addCertificate(DSSUtils.loadCertificate(bytes("root.der")));
            CommonCertificateVerifier verifier = new CommonCertificateVerifier();
            verifier.setTrustedCertSources(anchors);
            verifier.setAIASource(null);
            verifier.setOcspSource((OCSPSource) this::status);
            verifier.setCrlSource((CRLSource) this::list);
            return verifier;
        } catch (Exception failure) {
            throw new IllegalStateException(failure);
        }
    }

    private OCSPToken status(CertificateToken certificate, CertificateToken issuer) {
        try {
            for (String name : List.of("ocsp-signer.der", "ocsp-tsa.der")) {
                BasicOCSPResp answer = (BasicOCSPResp) new OCSPResp(bytes(name)).getResponseObject();
                var single = DSSRevocationUtils.getLatestSingleResponse(answer, certificate, issuer);
                if (single != null) {
                    return new OCSPToken(answer, single, certificate, issuer);
                }
            }
            return null;
        } catch (Exception failure) {
            throw new IllegalStateException(failure);
        }
    }

    private CRLToken list(CertificateToken certificate, CertificateToken issuer) {
        try {
            var validity = CRLUtils.buildCRLValidity(new CRLBinary(bytes("root.crl")), issuer);
            return validity.isValid() ? new CRLToken(certificate, validity) : null;
        } catch (Exception failure) {
            throw new IllegalStateException(failure);
        }
    }

    private byte[] bytes(String name) throws Exception {
        return Files.readAllBytes(folder.resolve(name));
    }

    private KeyStore store(String name) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream stream = Files.newInputStream(folder.resolve(name))) {
            store.load(stream, PASSWORD);
        }
        return store;
    }

    private static List<CertificateToken> tokens(KeyStore store, String alias) throws Exception {
        List<CertificateToken> tokens = new ArrayList<>();
        for (Certificate certificate : store.getCertificateChain(alias)) {
            tokens.add(DSSUtils.loadCertificate(certificate.getEncoded()));
        }
        return tokens;
    }

    /** Resident, in KiB (proc(5), VmHWM). */
    private static long peakMemory() throws Exception {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmHWM:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        return 0;
    }
}
