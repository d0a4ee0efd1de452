/* The certificates of a root's rollover (RFC 4210 4.4): one name, three keys,
 * valid for a hundred years, made with the openssl command. */
#ifndef TESTS_UNIT_CLIENT_ROLLOVER_H
#define TESTS_UNIT_CLIENT_ROLLOVER_H

/* self-signed, example.net */
#define PEM_OLD                                                                \
	"-----BEGIN CERTIFICATE-----\n"                                        \
	"MIIBrDCCAVGgAwIBAgIUB+6hDy8l1AdvAFoxWIORpeyFdpMwCgYIKoZIzj0EAwIw\n"   \
	"HTEbMBkGA1UEAwwSVGVzdCByb2xsb3ZlciByb290MCAXDTI2MTEyMTE5NDI1NFoY\n"   \
	"DzIxMjYxMDI4MTk0MjU0WjAdMRswGQYDVQQDDBJUZXN0IHJvbGxvdmVyIHJvb3Qw\n"   \
	"WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT7FeE6AZ6N+0Fh+8kTsO6dgL584mhr\n"   \
	"0eMY8Tp/I9L0tQC3YFzauXsns3iQyF92SEUokB3GcnurlbUHFBKOdMsuo20wazAP\n"   \
	"BgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUuYsf6nD+\n"   \
	"RizM0/kjvG7PrmmjE9MwKQYDVR0eAQH/BB8wHaAbMA2CC2V4YW1wbGUubmV0MAqH\n"   \
	"CMAAAgD///8AMAoGCCqGSM49BAMCA0kAMEYCIQCluqSHBT0d6Ozzhc+Tjxr94pd7\n"   \
	"4Wbce8a9lJ04t7GAdgIhAOeYtbbBv3Y/+R4/QRN1Qrta6IpSkGNN8h3EiOIpHgSp\n"   \
	"-----END CERTIFICATE-----\n"

/* self-signed, another key, ends later */
#define PEM_NEW                                                                \
	"-----BEGIN CERTIFICATE-----\n"                                        \
	"MIIBqzCCAVGgAwIBAgIUOEZFTp4Uv7LRSYf1YdqttgTPYcYwCgYIKoZIzj0EAwIw\n"   \
	"HTEbMBkGA1UEAwwSVGVzdCByb2xsb3ZlciByb290MCAXDTI2MTEyMTE5NDI1NFoY\n"   \
	"DzIxMjcwMjA1MTk0MjU0WjAdMRswGQYDVQQDDBJUZXN0IHJvbGxvdmVyIHJvb3Qw\n"   \
	"WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATWQXa0PywgCu1UhzEY33W42UokSYI8\n"   \
	"BK2VPxrsYeaYJtUL9aq7lTu32R8twLDpQscOUhSENrXqj7DJjf8ZIV4Yo20wazAP\n"   \
	"BgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUbtexUsFJ\n"   \
	"GtSmmcPHgjyVNzq1BkowKQYDVR0eAQH/BB8wHaAbMA2CC2V4YW1wbGUubmV0MAqH\n"   \
	"CMAAAgD///8AMAoGCCqGSM49BAMCA0gAMEUCIQDrdRnWE9jzhWwLJpoYCvdJq2L2\n"   \
	"BP0egMHSq8+RbXUxwwIgbQrK69Ebhq1MLazhydh2GRv7PbcZGl0y71EVHU7R8nA=\n"   \
	"-----END CERTIFICATE-----\n"

/* the old key, signed by the new one */
#define PEM_OLD_WITH_NEW                                                       \
	"-----BEGIN CERTIFICATE-----\n"                                        \
	"MIIBzTCCAXSgAwIBAgIUTNku4nQtTvnO+4tp54OrtevD4eQwCgYIKoZIzj0EAwIw\n"   \
	"HTEbMBkGA1UEAwwSVGVzdCByb2xsb3ZlciByb290MCAXDTI2MTEyMTE5NDI1NFoY\n"   \
	"DzIxMjYxMDI4MTk0MjU0WjAdMRswGQYDVQQDDBJUZXN0IHJvbGxvdmVyIHJvb3Qw\n"   \
	"WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT7FeE6AZ6N+0Fh+8kTsO6dgL584mhr\n"   \
	"0eMY8Tp/I9L0tQC3YFzauXsns3iQyF92SEUokB3GcnurlbUHFBKOdMsuo4GPMIGM\n"   \
	"MA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBS5ix/q\n"   \
	"cP5GLMzT+SO8bs+uaaMT0zAfBgNVHSMEGDAWgBRu17FSwUka1KaZw8eCPJU3OrUG\n"   \
	"SjApBgNVHR4BAf8EHzAdoBswDYILZXhhbXBsZS5uZXQwCocIwAACAP///wAwCgYI\n"   \
	"KoZIzj0EAwIDRwAwRAIgZbbgYssX6uEjmiwEWsb/BhRXhVA1kq/3tgQWbzjiOWwC\n"   \
	"IBELg1vKtAndSoaz6pP/FfK/QkvrhEIe0FIU8X48jEz5\n"                       \
	"-----END CERTIFICATE-----\n"

/* the new key, signed by the old one */
#define PEM_NEW_WITH_OLD                                                       \
	"-----BEGIN CERTIFICATE-----\n"                                        \
	"MIIBzzCCAXSgAwIBAgIUadww9VQD6th3KoTuN1hrvTYABYUwCgYIKoZIzj0EAwIw\n"   \
	"HTEbMBkGA1UEAwwSVGVzdCByb2xsb3ZlciByb290MCAXDTI2MTEyMTE5NDI1NFoY\n"   \
	"DzIxMjYxMDI4MTk0MjU0WjAdMRswGQYDVQQDDBJUZXN0IHJvbGxvdmVyIHJvb3Qw\n"   \
	"WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATWQXa0PywgCu1UhzEY33W42UokSYI8\n"   \
	"BK2VPxrsYeaYJtUL9aq7lTu32R8twLDpQscOUhSENrXqj7DJjf8ZIV4Yo4GPMIGM\n"   \
	"MA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBRu17FS\n"   \
	"wUka1KaZw8eCPJU3OrUGSjAfBgNVHSMEGDAWgBS5ix/qcP5GLMzT+SO8bs+uaaMT\n"   \
	"0zApBgNVHR4BAf8EHzAdoBswDYILZXhhbXBsZS5uZXQwCocIwAACAP///wAwCgYI\n"   \
	"KoZIzj0EAwIDSQAwRgIhAOEW/Tjid2b0dEnM6AUHL3UvLYaC5pbVMFBjr0K0T1GJ\n"   \
	"AiEAuZVeuuA8SOYzt8iXHdd/0VqJWTXodpbz+0V3wN4AVHE=\n"                   \
	"-----END CERTIFICATE-----\n"

/* self-signed, permits example.org too */
#define PEM_WIDE                                                               \
	"-----BEGIN CERTIFICATE-----\n"                                        \
	"MIIBrjCCAVSgAwIBAgIUI9f5fOCROmmXylCPdO/ztulkCGMwCgYIKoZIzj0EAwIw\n"   \
	"HTEbMBkGA1UEAwwSVGVzdCByb2xsb3ZlciByb290MCAXDTI2MTEyMTE5NDI1NFoY\n"   \
	"DzIxMjcwMjA1MTk0MjU0WjAdMRswGQYDVQQDDBJUZXN0IHJvbGxvdmVyIHJvb3Qw\n"   \
	"WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARM0voLvcVA5owL+D32p8k7gZj4Tn0n\n"   \
	"Q1BSv6397Vk1J4XvjvLC4jtO8J61kS6oTuSx0He5o1jpTpIDEWoQAr+jo3AwbjAP\n"   \
	"BgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUs0ErGVR4\n"   \
	"4ZuLW9JfvKo+FqfHqz8wLAYDVR0eAQH/BCIwIKAeMA2CC2V4YW1wbGUubmV0MA2C\n"   \
	"C2V4YW1wbGUub3JnMAoGCCqGSM49BAMCA0gAMEUCIQCGBXpP7j5fPyk/HNQhYnJ2\n"   \
	"CzLGXkxlw34OHh+yYgjGMQIgNgW1BMvoOeAeifAKtpXIwAXKnrm+rQSDIz57XLfu\n"   \
	"d7k=\n"                                                               \
	"-----END CERTIFICATE-----\n"

/* the old key, signed by the wide one's */
#define PEM_OLD_WITH_WIDE                                                      \
	"-----BEGIN CERTIFICATE-----\n"                                        \
	"MIIBzjCCAXSgAwIBAgIUcSbLoF4CDBBX9QFx75B9TSCBFpowCgYIKoZIzj0EAwIw\n"   \
	"HTEbMBkGA1UEAwwSVGVzdCByb2xsb3ZlciByb290MCAXDTI2MTEyMTE5NDI1NFoY\n"   \
	"DzIxMjYxMDI4MTk0MjU0WjAdMRswGQYDVQQDDBJUZXN0IHJvbGxvdmVyIHJvb3Qw\n"   \
	"WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT7FeE6AZ6N+0Fh+8kTsO6dgL584mhr\n"   \
	"0eMY8Tp/I9L0tQC3YFzauXsns3iQyF92SEUokB3GcnurlbUHFBKOdMsuo4GPMIGM\n"   \
	"MA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBS5ix/q\n"   \
	"cP5GLMzT+SO8bs+uaaMT0zAfBgNVHSMEGDAWgBSzQSsZVHjhm4tb0l+8qj4Wp8er\n"   \
	"PzApBgNVHR4BAf8EHzAdoBswDYILZXhhbXBsZS5uZXQwCocIwAACAP///wAwCgYI\n"   \
	"KoZIzj0EAwIDSAAwRQIgRYup18LGToAtWijUd/dG6mFfU90tIZdxefzVl5O5E5wC\n"   \
	"IQDiGp55GPRfCq2mTN8zhdYrHDn+tnXRpFF+OVKd+w2fyg==\n"                   \
	"-----END CERTIFICATE-----\n"

/* the wide one's key, signed by the old one */
#define PEM_WIDE_WITH_OLD                                                      \
	"-----BEGIN CERTIFICATE-----\n"                                        \
	"MIIB0DCCAXegAwIBAgIUM0COlKJnRCDrwaFM2xrdh7SdgTkwCgYIKoZIzj0EAwIw\n"   \
	"HTEbMBkGA1UEAwwSVGVzdCByb2xsb3ZlciByb290MCAXDTI2MTEyMTE5NDI1NFoY\n"   \
	"DzIxMjYxMDI4MTk0MjU0WjAdMRswGQYDVQQDDBJUZXN0IHJvbGxvdmVyIHJvb3Qw\n"   \
	"WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARM0voLvcVA5owL+D32p8k7gZj4Tn0n\n"   \
	"Q1BSv6397Vk1J4XvjvLC4jtO8J61kS6oTuSx0He5o1jpTpIDEWoQAr+jo4GSMIGP\n"   \
	"MA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBSzQSsZ\n"   \
	"VHjhm4tb0l+8qj4Wp8erPzAfBgNVHSMEGDAWgBS5ix/qcP5GLMzT+SO8bs+uaaMT\n"   \
	"0zAsBgNVHR4BAf8EIjAgoB4wDYILZXhhbXBsZS5uZXQwDYILZXhhbXBsZS5vcmcw\n"   \
	"CgYIKoZIzj0EAwIDRwAwRAIgBNjeit3lc1oux3swQrXtNO/JfI7Au0IkKC2hGiSs\n"   \
	"9ZoCIGGo2sUEj3w0MDWchemi9deQsbxEe/1XBD3FHCmNMwPh\n"                   \
	"-----END CERTIFICATE-----\n"

/* the old key, self-signed again, ends later */
#define PEM_RENEWED                                                            \
	"-----BEGIN CERTIFICATE-----\n"                                        \
	"MIIBqjCCAVGgAwIBAgIULAzbHf/BxgiB4kiyl/xRm5/JarIwCgYIKoZIzj0EAwIw\n"   \
	"HTEbMBkGA1UEAwwSVGVzdCByb2xsb3ZlciByb290MCAXDTI2MTEyMTIwMDAzOFoY\n"   \
	"DzIxMjcwNTE2MjAwMDM4WjAdMRswGQYDVQQDDBJUZXN0IHJvbGxvdmVyIHJvb3Qw\n"   \
	"WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT7FeE6AZ6N+0Fh+8kTsO6dgL584mhr\n"   \
	"0eMY8Tp/I9L0tQC3YFzauXsns3iQyF92SEUokB3GcnurlbUHFBKOdMsuo20wazAP\n"   \
	"BgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUuYsf6nD+\n"   \
	"RizM0/kjvG7PrmmjE9MwKQYDVR0eAQH/BB8wHaAbMA2CC2V4YW1wbGUubmV0MAqH\n"   \
	"CMAAAgD///8AMAoGCCqGSM49BAMCA0cAMEQCIDXtj983Er50Gj40nVr6GLw2SN9W\n"   \
	"BLsBUu919G5SkyIVAiBY55SGYUWtZwZDPT+pn974M3xbLu4q4qkBIH3kzluZSQ==\n"   \
	"-----END CERTIFICATE-----\n"

/* the same, permits example.org too */
#define PEM_RENEWED_WIDE                                                       \
	"-----BEGIN CERTIFICATE-----\n"                                        \
	"MIIBrzCCAVSgAwIBAgIUIQC65abLL6p+XpMnuFFU44B0WPgwCgYIKoZIzj0EAwIw\n"   \
	"HTEbMBkGA1UEAwwSVGVzdCByb2xsb3ZlciByb290MCAXDTI2MTEyMTIwMDAzOFoY\n"   \
	"DzIxMjcwNTE2MjAwMDM4WjAdMRswGQYDVQQDDBJUZXN0IHJvbGxvdmVyIHJvb3Qw\n"   \
	"WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT7FeE6AZ6N+0Fh+8kTsO6dgL584mhr\n"   \
	"0eMY8Tp/I9L0tQC3YFzauXsns3iQyF92SEUokB3GcnurlbUHFBKOdMsuo3AwbjAP\n"   \
	"BgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUuYsf6nD+\n"   \
	"RizM0/kjvG7PrmmjE9MwLAYDVR0eAQH/BCIwIKAeMA2CC2V4YW1wbGUubmV0MA2C\n"   \
	"C2V4YW1wbGUub3JnMAoGCCqGSM49BAMCA0kAMEYCIQCATO28+RFSyZIOLzkRbs1Q\n"   \
	"QgjEIJZlrrXa02RXKaldwgIhAIEDnCb1fXctTG0+rFZ/BOEgEfdg5ZQ+VXk094Aj\n"   \
	"FsCm\n"                                                               \
	"-----END CERTIFICATE-----\n"

#endif
