package reach

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
)

// proxies are the variables that name a proxy for what is asked here, as net/http reads them. Each may be written small.
var proxies = []string{"HTTP_PROXY", "HTTPS_PROXY"}

// CheckProxies tells whether the environment names proxies by URLs that can be read; lookup is os.LookupEnv, or stands in
// for it. An error names the variable and shows nothing of what is in it.
func CheckProxies(lookup func(string) (string, bool)) error {
	for name, text := range given(lookup) {
		if _, err := proxyURL(text); err != nil {
			return fmt.Errorf("%s holds no URL of a proxy that can be read; give one such as http://127.0.0.1:3128, or unset it", name)
		}
	}
	return nil
}

// ProxySecrets lists the passwords of the proxies that the environment names, as they are written and as they are sent.
// They must not appear in anything that is shown or written.
func ProxySecrets(lookup func(string) (string, bool)) []string {
	var secrets []string
	for _, text := range given(lookup) {
		proxy, err := proxyURL(text)
		if err != nil {
			if strings.Contains(text, "@") {
				secrets = append(secrets, text) // errors of net/http repeat it whole
			}
			continue
		}
		if password, set := proxy.User.Password(); set && password != "" {
			_, written, _ := strings.Cut(proxy.User.String(), ":")
			sent := base64.StdEncoding.EncodeToString([]byte(proxy.User.Username() + ":" + password))
			secrets = append(secrets, sent, password, written)
		}
	}
	return secrets
}

// given are the variables that are set, by name.
func given(lookup func(string) (string, bool)) map[string]string {
	set := map[string]string{}
	for _, name := range proxies {
		for _, spelled := range []string{name, strings.ToLower(name)} {
			if text, _ := lookup(spelled); text != "" {
				set[spelled] = text
			}
		}
	}
	return set
}

// proxyURL reads a proxy as net/http does, whose scheme may be left out; net/http makes something even of what is no URL.
func proxyURL(text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	return url.Parse(text)
}
