package io.qsignhub.conformance;

import eu.europa.esig.dss.enumerations.ASiCContainerType;
import eu.europa.esig.dss.enumerations.SubIndication;
import eu.europa.esig.dss.jaxb.object.Message;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.service.crl.OnlineCRLSource;
import eu.europa.esig.dss.service.http.commons.CommonsDataLoader;
import eu.europa.esig.dss.service.ocsp.OnlineOCSPSource;
import eu.europa.esig.dss.service.http.commons.OCSPDataLoader;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.simplereport.jaxb.XmlTimestamp;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CertificateVerifier;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.aia.DefaultAIASource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.validation.reports.Reports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What DSS says of the signatures of a file, by its default policy as it is. */
final class Signatures {

    private final CommonTrustedCertificateSource anchors = new CommonTrustedCertificateSource();
    private final boolean online;

    Signatures(List<Path> anchorFiles, boolean online) throws IOException {
        for (Path file : anchorFiles) {
            anchors.addCertificate(DSSUtils.loadCertificate(Files.readAllBytes(file)));
        }
        this.online = online;
    }

    Map<String, Object> verdict(Path file) {
        Map<String, Object> verdict = new LinkedHashMap<>();
        verdict.put("file", file.getFileName().toString());
        try {
            SignedDocumentValidator validator = SignedDocumentValidator.fromDocument(new FileDocument(file.toFile()));
            validator.setCertificateVerifier(verifier());
            validator.setDetachedContents(contents(file));
            describe(validator.validateDocument(), verdict);
        } catch (Exception failure) {
            // a file that no validator of DSS takes is a verdict too
            verdict.put("failure", failure.getClass().getSimpleName() + ": " + failure.getMessage());
            verdict.put("signatures", List.of());
        }
        return verdict;
    }

    private CertificateVerifier verifier() {
        CommonCertificateVerifier verifier = new CommonCertificateVerifier();
        verifier.setTrustedCertSources(anchors);
        if (online) {
            verifier.setOcspSource(new OnlineOCSPSource(new OCSPDataLoader()));
            verifier.setCrlSource(new OnlineCRLSource(new CommonsDataLoader()));
            verifier.setAIASource(new DefaultAIASource(new CommonsDataLoader()));
        }
        return verifier;
    }

    private static List<DSSDocument> contents(Path file) throws IOException {
        Path folder = file.resolveSibling(file.getFileName() + ".content");
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> found = Files.list(folder)) {
            return found.sorted().<DSSDocument>map(content -> new FileDocument(content.toFile())).toList();
        }
    }

    private static void describe(Reports reports, Map<String, Object> verdict) {
        SimpleReport report = reports.getSimpleReport();
        ASiCContainerType container = report.getContainerType();
        verdict.put("container", container == null ? null : container.toString());
        List<Map<String, Object>> signatures = new ArrayList<>();
        for (String id : report.getSignatureIdList()) {
            signatures.add(signature(report, id));
        }
        verdict.put("signatures", signatures);
        List<Map<String, Object>> timestamps = new ArrayList<>();
        for (String id : report.getTimestampIdList()) {
            timestamps.add(token(report, id));
        }
        verdict.put("timestamps", timestamps);
    }

    private static Map<String, Object> signature(SimpleReport report, String id) {
        Map<String, Object> found = token(report, id);
        found.put("format", String.valueOf(report.getSignatureFormat(id)));
        found.put("qualification", String.valueOf(report.getSignatureQualification(id)));
        found.put("signed_by", report.getSignedBy(id));
        found.put("best_signature_time", String.valueOf(report.getBestSignatureTime(id).toInstant()));
        found.put("scopes", report.getSignatureScopes(id).stream().map(scope -> scope.getScope() + ": " + scope.getName()).toList());
        List<Map<String, Object>> timestamps = new ArrayList<>();
        for (XmlTimestamp timestamp : report.getSignatureTimestamps(id)) {
            timestamps.add(token(report, timestamp.getId()));
        }
        found.put("timestamps", timestamps);
        return found;
    }

    private static Map<String, Object> token(SimpleReport report, String id) {
        Map<String, Object> found = new LinkedHashMap<>();
        SubIndication sub = report.getSubIndication(id);
        found.put("indication", String.valueOf(report.getIndication(id)));
        found.put("sub_indication", sub == null ? null : sub.toString());
        found.put("errors", texts(report.getAdESValidationErrors(id)));
        found.put("warnings", texts(report.getAdESValidationWarnings(id)));
        found.put("information", texts(report.getAdESValidationInfo(id)));
        found.put("qualification_errors", texts(report.getQualificationErrors(id)));
        found.put("qualification_warnings", texts(report.getQualificationWarnings(id)));
        return found;
    }

    private static List<String> texts(List<Message> messages) {
        return messages.stream().map(Message::getValue).toList();
    }
}
