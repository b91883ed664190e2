package io.qsignhub.conformance;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

/** What veraPDF says of a PDF that claims to be PDF/A. */
final class PdfArchive {

    static {
        VeraGreenfieldFoundryProvider.initialise();
    }

    private PdfArchive() {
    }

    static Map<String, Object> verdict(Path file) {
        Map<String, Object> verdict = new LinkedHashMap<>();
        try (InputStream stream = Files.newInputStream(file);
                PDFAParser parser = Foundries.defaultInstance().createParser(stream)) {
            PDFAFlavour claimed = parser.getFlavour();
            verdict.put("claimed", claimed == PDFAFlavour.NO_FLAVOUR ? null : claimed.toString());
            if (claimed == PDFAFlavour.NO_FLAVOUR) {
                return verdict;
            }
            try (PDFAValidator validator = Foundries.defaultInstance().createValidator(claimed, 20, false, true, false)) {
                ValidationResult result = validator.validate(parser);
                verdict.put("compliant", result.isCompliant());
                List<String> failures = result.getTestAssertions().stream()
                        .filter(assertion -> assertion.getStatus() == TestAssertion.Status.FAILED)
                        .map(assertion -> assertion.getRuleId().getClause() + ": " + assertion.getMessage())
                        .distinct().toList();
                verdict.put("failures", failures);
            }
        } catch (Exception failure) {
            verdict.put("failure", failure.getClass().getSimpleName() + ": " + failure.getMessage());
        }
        return verdict;
    }
}
